"""Where the checked server is: `HOST:PORT` -> a connected socket."""

import contextlib
import re
import socket
from typing import NamedTuple, Self

DEFAULT_PORT = 2022
MAX_PORT = 65535

_FORM = re.compile(r"(?:\[([0-9a-fA-F:.]+(?:%\S+)?)\]|([^\s:\[\]]+))(?::([0-9]{1,5}))?")


class NotKnown(OSError):
    """The host's name has no address here."""


class Address(NamedTuple):
    """A host's name or IP address, and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; raises ValueError."""
        form = _FORM.fullmatch(text)
        host, port = (form[1] or form[2], int(form[3] or DEFAULT_PORT)) if form else ("", 0)
        with contextlib.suppress(UnicodeError):
            host.encode("idna")  # as getaddrinfo will; it fails for "a..b" and for very long labels
            if 1 <= port <= MAX_PORT:
                return cls(host, port)
        raise ValueError(
            f"{text!r} is not HOST:PORT, as in localhost:{DEFAULT_PORT} or "
            f"[::1]:{DEFAULT_PORT}, with a port from 1 to {MAX_PORT}."
        )

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self, seconds: float) -> socket.socket:
        """Try each address that the host name stands for, for that many seconds.

        Raises OSError, or NotKnown, whose text says what is wrong and what to check.
        """
        try:
            return socket.create_connection(self, seconds)
        except socket.gaierror as error:
            raise NotKnown(f"{self} is not known here ({error.strerror})") from None
        except TimeoutError:
            why = f"did not answer within {seconds:g} s: is it reachable from here?"
        except ConnectionRefusedError:
            why = "refused the connection: is the server running, and the port right?"
        except OSError as error:
            why = f"cannot be connected to: {error.strerror or error}"
        raise OSError(f"{self} {why}")
