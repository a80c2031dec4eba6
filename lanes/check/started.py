"""`lanes check -- COMMAND`: starts the server, finds where it listens, and ends it.

Its output goes to our standard error, so that standard output has only the card. Its standard input
stays open and silent, because a server with a console would exit at the end of its input.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from lanes.check.address import DEFAULT_PORT, Address
from lanes.check.dialer import Unreachable
from lanes.check.printed import Printed
from lanes.watch.printable import printable
from lanes.watch.target import NotFound, Target

STARTS = 10.0  # seconds within which it has to listen, unless --wait is longer
ENDS = 5.0  # seconds after SIGTERM until SIGKILL
STEP = 0.05
READ = 1.0  # seconds for the rest of its output: a process that it started may hold the pipe open
STDERR = 2
ADDRESS = "`lanes check` cannot tell where to connect: give HOST:PORT"
NO_PROGRAM = "the path is wrong, the file may not be executed, or a script lacks its #! line"
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}  # otherwise Python writes to a pipe in blocks, and late
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - for servers that listen on all addresses


@contextmanager
def started(words: Sequence[str], printed: Printed | None = None) -> Iterator[Target]:
    """Start the server, and end it with the block; raises Unreachable if it cannot be started.

    `printed` gets its output.
    """
    if not hasattr(os, "killpg"):
        raise Unreachable(
            "this system has no process groups",
            "`lanes check` cannot start it here: start it yourself, and give HOST:PORT",
        )
    source, sink = os.pipe()
    try:
        child = subprocess.Popen(  # noqa: S603 - the command is the user's own
            words,
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            env=os.environ | UNBUFFERED,
            process_group=0,
        )
    except OSError as error:
        os.close(source)
        raise Unreachable(f"cannot start {words[0]}: {error.strerror}", NO_PROGRAM) from None
    finally:
        os.close(sink)
    reader = threading.Thread(target=_pass_on, args=(source, printed or Printed()), daemon=True)
    reader.start()
    try:
        yield Target((child.pid,), printable(" ".join(words)), child=child)
    finally:
        _end(child)
        if child.stdin:
            child.stdin.close()
        reader.join(READ)


def _pass_on(source: int, printed: Printed) -> None:
    with os.fdopen(source, "rb") as end:
        printed.pass_on(end.fileno(), STDERR)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the process group, which Ctrl-C at the terminal does not reach."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + ENDS
        with suppress(ProcessLookupError, PermissionError):  # none is left; macOS: only zombies
            os.killpg(child.pid, number)
            while time.monotonic() < until:
                child.poll()
                os.killpg(child.pid, 0)
                time.sleep(STEP)
    child.wait()


def ending(servers: Sequence[Target], printed: Printed) -> str:
    """Say how the started server has ended; empty if there is none, or it still runs."""
    last = f"; it printed last: {printed.lines[-1]}" if printed.lines else ""
    for child in [server.child for server in servers]:
        if child and _ends(child):
            code = child.returncode
            how = f"exit code {code}" if code >= 0 else f"signal: {signal.strsignal(-code)}"
            return how + last
    return ""


def address_of(server: Target, seconds: float) -> Address:
    """Return where the server listens, once it does; raises Unreachable.

    If it listens on all addresses, that is loopback.
    """
    if sys.platform != "linux":
        return Address("localhost", DEFAULT_PORT)
    from lanes.watch.session import Watched  # noqa: PLC0415 - Linux alone

    until = time.monotonic() + max(seconds, STARTS)
    try:
        with Watched(server) as watched:
            while time.monotonic() < until and not watched.wait(STEP):
                seen = watched.snapshot().seen
                addresses = [one.address for one in seen.queues] if seen else []
                if found := [one for one in map(_reachable, addresses) if one]:
                    return _only(found, server.name)
    except NotFound as why:
        if not server.child or not _ends(server.child):
            raise Unreachable(str(why), ADDRESS) from None
    code = server.child.poll() if server.child else None
    how = "is not listening" if code is None else f"has ended with exit code {code}"
    raise Unreachable(f"{server.name} {how}")


def _ends(child: "subprocess.Popen[bytes]") -> bool:
    """Whether it has ended or is ending: /proc shows nothing of a process that is about to end."""
    with suppress(subprocess.TimeoutExpired):
        child.wait(READ)
    return child.returncode is not None


def _reachable(address: str) -> Address | None:
    """Return the address to connect to from here; None for a Unix-domain socket."""
    if address.startswith(("/", "@")):
        return None
    host, port = Address.parse(address)
    return Address(ANY.get(host, host), port)


def _only(found: Sequence[Address], name: str) -> Address:
    """Return the only address, or of several one with the default port; raises Unreachable."""
    ports = {one.port for one in found}
    port = DEFAULT_PORT if DEFAULT_PORT in ports else min(ports)
    if len(ports) > 1 and port != DEFAULT_PORT:
        several = ", ".join(map(str, sorted(ports)))
        raise Unreachable(f"{name} listens on ports {several}", ADDRESS)
    return next(one for one in found if one.port == port)
