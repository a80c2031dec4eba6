"""What the watcher may read about a process, and what would grant it the rest.

`syscall` and `mem` of proc(5) require PTRACE_MODE_ATTACH (ptrace(2)): the same uid and gid, a
dumpable process, and whatever Yama's ptrace_scope adds; or else the capabilities.
"""

from pathlib import Path
from typing import NamedTuple

YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
DAC_OVERRIDE, DAC_READ_SEARCH, SYS_PTRACE = 1, 2, 19  # linux/capability.h


class Rights(NamedTuple):
    """The effective ids and capabilities of a process."""

    uid: int
    gid: int
    capabilities: int  # as bits

    def may(self, capability: int) -> bool:
        """Whether it has this capability."""
        return bool(self.capabilities >> capability & 1)


def missing(pid: int) -> str:
    """Return a line on what cannot be seen and what grants it; empty if all can be read."""
    try:
        Path(f"/proc/{pid}/task/{pid}/syscall").read_bytes()
        with Path(f"/proc/{pid}/mem").open("rb"):
            return ""
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended, which is reported elsewhere
    except OSError:
        why = _why(_of(pid), _of("self"))
        return f"Cannot see which thread serves which client in process {pid}: {why}."


def _why(server: Rights, watcher: Rights) -> str:
    if watcher.uid == 0:
        return _why_not_root(server, watcher)
    if server[:2] != watcher[:2]:
        uid, gid, _ = server
        return (
            f"it has uid {uid} and gid {gid}, the watcher {watcher.uid} and {watcher.gid}. Watch "
            f"""with the same (sudo -u '#{uid}' -g '#{gid}', in Compose user: "{uid}:{gid}"), """
            "or as root (sudo)"
        )
    if _yama() == 1:
        return (
            "Yama's ptrace_scope is 1, so only its parent may look. Start the server by "
            "`lanes watch -- COMMAND`, or watch as root (sudo; in Compose LANES_WATCH_USER=0)"
        )
    if _yama() > 1:
        return f"Yama's ptrace_scope is {_yama()}, so only root may look (sudo)"
    return "it has changed its user itself, so only root may look (sudo)"


def _why_not_root(server: Rights, watcher: Rights) -> str:
    lacks = [] if watcher.may(SYS_PTRACE) else ["SYS_PTRACE"]
    if server.uid and not watcher.may(DAC_READ_SEARCH) and not watcher.may(DAC_OVERRIDE):
        lacks.append("DAC_READ_SEARCH")
    if lacks:
        words = " ".join(f"--cap-add {name}" for name in lacks)
        what = "capability" if len(lacks) == 1 else "capabilities"
        return (
            f"the watcher is root, but lacks the {what} {' and '.join(lacks)} (docker run {words})"
        )
    return (
        "not even root may look here. Yama's ptrace_scope may be 3, the process may belong to "
        "another user namespace, or a security module may forbid it: watch on the host"
    )


def _of(process: int | str) -> Rights:
    status = Path(f"/proc/{process}/status").read_text(errors="replace")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    uid, gid = (int(fields[name].split()[1]) for name in ("Uid", "Gid"))
    return Rights(uid, gid, int(fields["CapEff"], 16))


def _yama() -> int:
    try:
        return int(YAMA.read_text())
    except (OSError, ValueError):
        return 0


def sidecar(container: str, image: str, port: int | None, user: str = "UID:GID") -> str:
    """Return a command that watches a container from beside it, if we cannot from here."""
    asked = f"--port {port}" if port else "--port PORT"
    return (
        f"docker run --rm -it --pid container:{container} --network container:{container} "
        f"--user {user} --cap-drop ALL --security-opt no-new-privileges --read-only "
        f"{image} watch {asked} --terminal"
    )
