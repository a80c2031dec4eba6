"""The server's certificates: valid ones, wrong ones reported in one line, and new ones."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from structlog.testing import capture_logs

from server.chat.certificates import BadCertificate, Certificates, name_of
from server.chat.endpoint import Endpoint
from tests.kit.certificates import Authority, authority
from tests.kit.memory_client import MemoryClient


@pytest.mark.parametrize(
    ("subject", "alternative", "name"),
    [
        ([("organizationName", "Lab"), ("commonName", "client-1")], ["localhost"], "client-1"),
        ([("organizationName", "Lab")], ["client-1", "client-2"], "client-1"),
        ([], ["\x1b[2J\u202eclient\n"], "?[2J?client?"),
        ([], ["x" * 1000], "x" * 253),
        ([], [], ""),
        ([("commonName", "")], [(("organizationName", "Lab"),), "client-1"], "client-1"),
    ],
)
def test_a_name_is_the_common_or_the_first_one_and_safe_to_show(
    subject: list[tuple[str, str]], alternative: list[object], name: str
) -> None:
    certificate = {
        "subject": tuple((pair,) for pair in subject),
        "subjectAltName": tuple(("DNS", one) for one in alternative),
    }
    assert name_of(certificate) == name


def test_without_a_client_authority_no_client_is_asked_for_a_certificate(ca: Authority) -> None:
    server = Endpoint(Certificates(*ca.issue("localhost"), None).context)
    MemoryClient(ca.trusting()).meet(server)
    assert server.peer() == ""


def test_versions_before_tls_1_2_are_refused(ca: Authority) -> None:
    context = Certificates(*ca.issue("localhost"), None).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def garbled(path: Path) -> Path:
    wrong = path.with_suffix(".garbled")
    wrong.write_text("garbage\n")
    return wrong


def closed(path: Path) -> Path:
    """Return a folder, since root could read any file."""
    wrong = path.with_suffix(".closed")
    wrong.mkdir()
    return wrong


WRONG: dict[str, Callable[[Path], Path]] = {
    "cannot read": lambda path: path / "nowhere.pem",
    "Is a directory": closed,
    "not": garbled,
}


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_or_wrong_file_is_one_line_that_names_it(
    words: str, which: int, tmp_path: Path
) -> None:
    ca = Authority(tmp_path)
    files = [*ca.issue("localhost"), ca.certificate]
    files[which] = WRONG[words](files[which])
    with pytest.raises(BadCertificate, match=words) as failure:
        Certificates(*files)
    assert str(files[which]) in str(failure.value)
    assert "\n" not in str(failure.value)


def test_an_encrypted_key_is_one_line_and_asks_for_no_password(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("localhost")
    lock = serialization.BestAvailableEncryption(b"secret")
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(private.private_bytes(pem, form, lock))
    with pytest.raises(BadCertificate, match="the key is encrypted"):
        Certificates(certificate, key, None)


def test_a_mismatched_or_expired_certificate_is_one_line(ca: Authority) -> None:
    right, other = ca.issue("localhost"), ca.issue("other")
    expired = ca.issue("localhost", expired=True)
    with pytest.raises(BadCertificate, match="key values mismatch"):
        Certificates(right.certificate, other.key, None)
    with pytest.raises(BadCertificate, match=f"{expired.certificate}: certificate has expired"):
        Certificates(*expired, None)
    with pytest.raises(BadCertificate, match="is not a CA certificate"):
        Certificates(*right, other.certificate)


def test_certificates_read_again_are_for_new_clients() -> None:
    with authority() as before, authority() as after:
        pair = before.issue("localhost")
        certificates = Certificates(*pair, None)
        early = Endpoint(certificates.context)
        for old, new in zip(pair, after.issue("localhost"), strict=True):
            new.replace(old)
        with capture_logs() as logged:
            certificates.read_again()
        assert [line["event"] for line in logged] == ["certificates reloaded"]
        MemoryClient(before.trusting()).meet(early)
        MemoryClient(after.trusting()).meet(Endpoint(certificates.context))


def test_bad_new_certificates_leave_the_old_ones_in_use(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    pair = ca.issue("localhost")
    certificates = Certificates(*pair, None)
    pair.certificate.write_text("half a file")
    with capture_logs() as logged:
        certificates.read_again()
    [line] = logged
    assert (line["event"], line["log_level"]) == ("certificates not reloaded", "error")
    MemoryClient(ca.trusting()).meet(Endpoint(certificates.context))


def test_a_key_of_a_kind_unknown_to_tls_is_one_line(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .sign(key, SHA256())
    )
    certificate, private = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    words = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *words))
    with pytest.raises(BadCertificate, match=f"{certificate} cannot be used for TLS"):
        Certificates(certificate, private, None)
