"""What the watcher may read of a process, and what would grant it the rest.

`syscall` and `mem` of proc(5) ask for PTRACE_MODE_ATTACH (ptrace(2)): the same uid and gid, a
dumpable process, and whatever Yama's ptrace_scope adds; or the capabilities.
"""

from pathlib import Path

YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


def missing(pid: int) -> str:
    """What cannot be seen and the one thing that grants it, in a line; empty if all can be read."""
    try:
        Path(f"/proc/{pid}/task/{pid}/syscall").read_bytes()
        with Path(f"/proc/{pid}/mem").open("rb"):
            return ""
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended, which is said elsewhere
    except OSError:
        return f"Who serves whom cannot be seen: {_why(pid)}."


def _why(pid: int) -> str:
    owner, own = _ids(str(pid)), _ids("self")
    if own[0] == 0:
        return (
            "the watcher is root, but lacks the capabilities SYS_PTRACE and DAC_READ_SEARCH "
            "(docker run --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH)"
        )
    if owner != own:
        return (
            f"process {pid} has uid {owner[0]} and gid {owner[1]}, the watcher {own[0]} and "
            f"{own[1]}. Run it with the same (sudo -u '#{owner[0]}' -g '#{owner[1]}', in Compose "
            f'user: "{owner[0]}:{owner[1]}"), or as root'
        )
    if _yama() == 1:
        return (
            "Yama's ptrace_scope is 1, so only a parent may look. Start the server by "
            "`lanes watch -- COMMAND`, or watch as root (sudo; in Compose LANES_WATCH_USER=0)"
        )
    if _yama() > 1:
        return f"Yama's ptrace_scope is {_yama()}, so only root may look (sudo)"
    return f"process {pid} has changed its user itself, so only root may look (sudo)"


def _ids(process: str) -> tuple[int, int]:
    """The effective uid and gid."""
    status = Path(f"/proc/{process}/status").read_text(errors="replace")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["Uid"].split()[1]), int(fields["Gid"].split()[1])


def _yama() -> int:
    try:
        return int(YAMA.read_text())
    except (OSError, ValueError):
        return 0


def sidecar(container: str, image: str, port: int | None, user: str = "UID:GID") -> str:
    """The command that watches a container from beside it, for where the engine's host cannot."""
    asked = f"--port {port}" if port else "--port PORT"
    return (
        f"docker run --rm -it --pid container:{container} --network container:{container} "
        f"--user {user} --cap-drop ALL --security-opt no-new-privileges --read-only "
        f"{image} watch {asked} --terminal"
    )
