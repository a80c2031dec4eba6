"""A TLS 1.3 client that asks for new keys; Python's ssl cannot (RFC 8446, 4.6.3, 7.2).

It uses cryptography, which trustme needs anyway.
"""

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

SUITE = "TLS_AES_256_GCM_SHA384"
HANDSHAKE, APPLICATION_DATA = 22, 23
KEY_UPDATE = b"\x18\x00\x00\x01\x01"  # and asks the peer to do the same


def logging_keys(context: ssl.SSLContext, folder: Path) -> Path:
    """Make a client of this context log its keys to a file in the folder; return its path."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    keys = folder / "keys"
    context.keylog_filename = str(keys)
    return keys


class KeyUpdates:
    """Encrypts what a client sends after its handshake; the client itself must send nothing."""

    def __init__(self, keys: Path) -> None:
        lines = map(str.split, keys.read_text(encoding="ascii").splitlines())
        self._begin({line[0]: line[-1] for line in lines}["CLIENT_TRAFFIC_SECRET_0"])

    def _begin(self, secret: str) -> None:
        self._secret, self._sent = bytes.fromhex(secret), 0
        self._key, self._iv = AESGCM(self._expand("key", 32)), self._expand("iv", 12)

    def _expand(self, label: str, size: int) -> bytes:
        name = f"tls13 {label}".encode()
        info = size.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
        return HKDFExpand(SHA384(), size, info).derive(self._secret)

    def _record(self, content: bytes, kind: int) -> bytes:
        header = b"\x17\x03\x03" + (len(content) + 1 + 16).to_bytes(2, "big")
        nonce = int.from_bytes(self._iv, "big") ^ self._sent
        self._sent += 1
        return header + self._key.encrypt(
            nonce.to_bytes(12, "big"), content + bytes([kind]), header
        )

    def say(self, text: bytes) -> bytes:
        """Return the record of a text."""
        return self._record(text, APPLICATION_DATA)

    def update(self) -> bytes:
        """Return the record that announces new keys and asks the peer for its own; switch keys."""
        record = self._record(KEY_UPDATE, HANDSHAKE)
        self._begin(self._expand("traffic upd", SHA384.digest_size).hex())
        return record
