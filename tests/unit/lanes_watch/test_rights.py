"""What a watcher may not see, and how it reports that, with fewer and fewer rights."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lanes.watch.rights import missing, sidecar
from tests.kit.puppet import Puppet
from tests.kit.waiting import SECONDS
from tests.watch.truth import running

WATCHER = """
import os, sys, tempfile
from pathlib import Path
from lanes.watch import rights
pid, uid, gid, scope = sys.argv[1:]
os.setgroups([])
os.setresgid(int(gid), int(gid), 0)
os.setresuid(int(uid), int(uid), 0)
yama = tempfile.NamedTemporaryFile()
rights.YAMA = Path(yama.name)
rights.YAMA.write_text(scope)
print(rights.missing(int(pid)), end="")
os.setresuid(0, 0, 0)
"""
DROP = """
import ctypes
os.setgroups([]), os.setresgid(*[{0}] * 3), os.setresuid(*[{0}] * 3)
"""
DUMPABLE = "ctypes.CDLL(None).prctl(4, 1)"  # PR_SET_DUMPABLE: as after an exec
USER, OTHER = 12345, 12346

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="to become somebody else takes rights")


def told_by(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=SECONDS)
    return done.stdout


def seen_by(pid: int, uid: int, gid: int, *under: str, scope: str = "0") -> str:
    words = [*under, sys.executable, "-c", WATCHER, str(pid), str(uid), str(gid), scope]
    return told_by(words)


def test_a_process_of_the_same_user_can_be_seen(puppet: Puppet) -> None:
    assert missing(puppet.pid) == ""


def test_nothing_is_missing_for_a_process_that_has_ended(puppet: Puppet) -> None:
    puppet.process.kill()
    puppet.process.wait()
    assert missing(puppet.pid) == ""


@needs_root
@pytest.mark.parametrize(("uid", "gid"), [(OTHER, USER), (USER, OTHER)])
def test_another_user_or_group_learns_whose_process_it_is(
    puppet: Puppet, uid: int, gid: int
) -> None:
    puppet.do(DROP.format(USER))
    puppet.do(DUMPABLE)
    assert seen_by(puppet.pid, uid, gid) == (
        f"Cannot see which thread serves which client in process {puppet.pid}: it has uid {USER} "
        f"and gid {USER}, the watcher {uid} and {gid}. Watch with the same (sudo -u '#{USER}' -g "
        f"""'#{USER}', in Compose user: "{USER}:{USER}"), or as root (sudo)."""
    )


@needs_root
def test_the_same_user_and_group_sees_everything(puppet: Puppet) -> None:
    puppet.do(DROP.format(USER))
    puppet.do(DUMPABLE)
    assert seen_by(puppet.pid, USER, USER) == ""


@needs_root
def test_a_process_that_changed_its_user_is_closed_to_its_new_user(puppet: Puppet) -> None:
    puppet.do(DROP.format(USER))
    assert "it has changed its user" in seen_by(puppet.pid, USER, USER)


@needs_root
@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("1", "Yama's ptrace_scope is 1, so only its parent may look. Start the server by"),
        ("2", "Yama's ptrace_scope is 2, so only root may look (sudo)"),
        ("?", "has changed its user itself"),
    ],
)
def test_a_restriction_by_yama_is_named(puppet: Puppet, scope: str, told: str) -> None:
    puppet.do(DROP.format(USER))
    assert told in seen_by(puppet.pid, USER, USER, scope=scope)


@needs_root
@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (
            "-sys_ptrace,-dac_read_search,-dac_override",
            "ies SYS_PTRACE and DAC_READ_SEARCH (docker run --cap-add SYS_PTRACE --cap-add DAC_R",
        ),
        ("-sys_ptrace", "lacks the capability SYS_PTRACE (docker run --cap-add SYS_PTRACE)."),
    ],
)
def test_root_without_capabilities_learns_which_are_missing(
    puppet: Puppet, lost: str, told: str
) -> None:
    puppet.do(DROP.format(USER))
    puppet.do(DUMPABLE)
    assert told in seen_by(puppet.pid, 0, 0, "setpriv", f"--bounding-set={lost}")


@needs_root
def test_root_with_all_capabilities_reads_nothing_about_them(
    puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert "not even root may look here" in missing(puppet.pid)


def test_the_command_beside_a_container_joins_its_namespaces_unprivileged() -> None:
    command = sidecar("web-1", "thread-lanes", 80)
    assert "--pid container:web-1 --network container:web-1 --user UID:GID" in command
    assert command.endswith("thread-lanes watch --port 80 --terminal")
    assert "--port PORT" in sidecar("web-1", "thread-lanes", None)


STRANGER = """
import os, sys, time
from lanes.watch.describing import describe
from lanes.watch.threads import Threads
from lanes.watch.watcher import Watcher
pid, port = map(int, sys.argv[1:])
os.setgroups([]), os.setresgid(*[12346] * 3), os.setresuid(*[12346] * 3)
watcher = Watcher([pid], [port])
while len(watcher.records) < 2:
    watcher.look()
    time.sleep(0.05)
seen = describe(watcher, Threads(watcher.processes), "a server", ())
print(seen.seen.evidence, *{(one.how, one.thread, one.state) for one in seen.sessions})
print(*seen.seen.unknown, *(one.messages for one in seen.sessions))
"""


@needs_root
def test_without_permission_threads_and_clients_are_shown_without_claims() -> None:
    with running("threads") as target, closing(target.talk()), closing(target.talk()):
        words = [sys.executable, "-c", STRANGER, str(target.pid), str(target.port)]
        said = told_by(words)
    # Anyone in the server's network namespace can read the kernel's message counters.
    assert said == (
        "3 threads that cannot be inspected ('unknown', None, 'waiting')\nserving 0 0\n"
    )
