#!/usr/bin/env bash
# trustme 1.2.1 and cryptography 50.0.2, which trustme makes its certificates with.
#
# The usual guess: a certificate that one library makes, and that OpenSSL accepts, passes that library's own
# `x509.verification` too. So a scanner such as sslyze trusts a test server if it is given trustme's authority.
# The behaviour: OpenSSL accepts the certificate in a handshake; cryptography's verifier refuses it. trustme marks the
# subjectAltName as critical, and RFC 5280 (4.2.1.6) has that only where the subject is empty. trustme's is not.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   OpenSSL's handshake:      accepted
#   cryptography's verifier:  refused
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check trustme==1.2.1 cryptography==50.0.2 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import ssl
import sys

import trustme
from cryptography import x509
from cryptography.x509 import verification

authority = trustme.CA()
certificate = authority.issue_cert("localhost")


def handshake() -> str:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificate.configure_cert(server)
    authority.configure_trust(client)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):  # flights
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return "refused"
    return "accepted"


def verifier() -> str:
    store = verification.Store([x509.load_pem_x509_certificate(authority.cert_pem.bytes())])
    server = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName("localhost"))
    try:
        server.verify(x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()), [])
    except verification.VerificationError:
        return "refused"
    return "accepted"


by_openssl, by_cryptography = handshake(), verifier()
print("OpenSSL's handshake:     ", by_openssl)
print("cryptography's verifier: ", by_cryptography)
sys.exit((by_openssl, by_cryptography) != ("accepted", "refused"))
PY
