"""What a running container may do, read from inside it."""

from docker.models.containers import Container

from tests.kit.waiting import wait_until

MEBIBYTE = 1024 * 1024
LIMITS = {
    "server": (256 * MEBIBYTE, 512),
    "client": (64 * MEBIBYTE, 32),
    "lanes": (128 * MEBIBYTE, 64),
}  # bytes of memory; processes
LIMIT_FILES = (  # of the kernel's control groups, version 2 or version 1
    "/sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max",
)
PLACES = "/ /lab /var/tmp /tmp"
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
LENDS_RIGHTS = ("find", "/", "-xdev", "-type", "f", "-perm", "/6000")  # set-uid or set-gid


def inside(container: Container, script: str) -> str:
    """Run a script that prints something in the container; return its output.

    On a busy machine the engine may fail to start the shell or lose its output, so this retries.
    """
    printed = b""

    def has_printed() -> bool:
        nonlocal printed
        code, printed = container.exec_run(["sh", "-c", script])
        return code in {0, 1} and bool(printed)

    wait_until(has_printed)
    return str(printed, "utf-8")


def processes(container: Container) -> list[str]:
    """Each process's /proc/<pid>/status, including that of the shell that asks."""
    return inside(container, "cat /proc/[0-9]*/status").split("Name:\t")[1:]


def is_powerless(status: str) -> bool:
    """Whether a process has no capability, can get none, and is not root (/proc/<pid>/status)."""
    facts = _facts(status)
    return not any(int(facts[name], 16) for name in CAPABILITIES) and (
        "0" not in facts["Uid"].split() + facts["Gid"].split() + facts["Groups"].split()
    )


def can_gain_nothing(status: str) -> bool:
    """Whether no program that the process starts can get more rights than it has."""
    return int(_facts(status)["NoNewPrivs"]) == 1


def _facts(status: str) -> dict[str, str]:
    return dict(line.split(":", 1) for line in status.splitlines() if ":" in line)


def mounted(container: Container, path: str) -> list[str]:
    """Return the options of the mount at this path."""
    mounts = [line.split() for line in inside(container, "cat /proc/mounts").splitlines()]
    [options] = [mount[3].split(",") for mount in mounts if mount[1] == path]
    return options


def writable(container: Container) -> list[str]:
    """Return the folders in which a process of the container can create a file."""
    found = inside(
        container, f"for at in {PLACES}; do touch $at/probe && echo $at; done 2>/dev/null"
    )
    return found.split()


def limits(container: Container) -> tuple[int, ...]:
    """Return the kernel's limits: bytes of memory, and processes."""
    found = inside(container, f"cat {LIMIT_FILES[0]} 2>/dev/null || cat {LIMIT_FILES[1]}")
    return tuple(map(int, found.split()))
