"""Grade a folder of submissions, each in its own container, and a repository of a Classroom."""

import json
import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import docker
import pytest

from tests.kit.command import PATIENCE, ROOT, Ran, run
from tests.kit.containers import LABEL, LANES_IMAGE, PROJECT
from tests.kit.submissions import hand_in
from tests.kit.waiting import wait_until

GRADE, PASSED = ROOT / "grading" / "grade", ROOT / "grading" / "passed"
ZOO = ROOT / "tests" / "zoo" / "servers"
FROM = "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\n"
STARTS = 'COPY server.py /\nCMD ["python3", "/server.py", "2022"]\n'
PRINTS_MUCH = "for number in range(5000):\n    print(number, 'x' * 1000)\n"
IS_IDLE = "import time; time.sleep(600)\n"
# No SO_REUSEADDR, and it closes first, so that nothing else could bind the port for a minute.
HOLDS_ITS_PORT = """
import socket

listener = socket.socket()
listener.bind(("127.0.0.1", 2022))
listener.listen(128)
while True:
    client, _ = listener.accept()
    if client.recv(1024):
        client.sendall(b"Hey")
    client.close()
"""
# Bound as in the most copied tutorial, with a console beside the thread that accepts. It prints
# much, and writes a log in its folder.
CONSOLE = """
import socket, threading

listener = socket.create_server((socket.gethostbyname(socket.gethostname()), 2022), backlog=128)
print("x" * 3_000_000)

def serve(client):
    while chunk := client.recv(1 << 16):
        with open("chat.log", "a") as log:
            log.write("Hey\\n")
        client.sendall(b"Hey")
    client.close()

def accept():
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

threading.Thread(target=accept, daemon=True).start()
while input("server> ") != "quit":
    pass
"""
CHECKS = [
    {"name": "answers", "verdict": "passed", "evidence": "'Hey'", "hint": None},
    {"name": "many", "verdict": "failed", "evidence": "3 of 100", "hint": "few threads"},
    {"name": "churn", "verdict": "not tried", "evidence": "no time was left", "hint": None},
]
Classroom = Callable[..., Ran]  # takes the text of server.py, and a script


def animal(name: str) -> str:
    """A server of the zoo, started without a port; it binds localhost like the original lab's."""
    return (ZOO / name).read_text(encoding="utf-8").replace("int(sys.argv[1])", "2022")


def told(said: str) -> dict[str, str]:
    """Return what `grade` reports for each submission."""
    return dict(line.split(maxsplit=1) for line in said.splitlines() if line)


@contextmanager
def grading(submissions: Path, results: Path, **variables: str) -> Iterator["Popen[str]"]:
    """Run `grade` beside others, in its own process group as at a terminal."""
    words, env = [GRADE, submissions, results], os.environ | variables
    process = Popen(words, stdout=PIPE, text=True, env=env, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def things_of(engine: docker.DockerClient, process: "Popen[str]") -> list[str]:
    """Return the containers, networks and images of this run."""
    found: list[str] = []
    for slot in (1, 2):
        ours = {"label": f"{LABEL}=thread-lanes-grading-{process.pid}-{slot}"}
        containers = engine.containers.list(all=True, filters=ours, ignore_removed=True)
        images = engine.images.list(name=f"thread-lanes-submission:{process.pid}-{slot}")
        found += [thing.name for thing in containers + engine.networks.list(filters=ours)]
        found += [str(image.id) for image in images]
    return found


def test_each_submission_gets_a_scorecard_or_a_reason_and_gradings_stay_apart(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    results, other = tmp_path / "results", tmp_path / "other"
    submissions = tmp_path / "submissions"
    threads = (ZOO / "threads.py").read_text(encoding="utf-8")
    ada = hand_in(submissions / "ada", threads)
    hand_in(ada, FROM + STARTS + "USER 10001:10001\n", "Dockerfile")
    ivy = hand_in(submissions / "ivy W\u00fcst", CONSOLE)
    for folder in (ada, ivy):  # as a strict umask leaves them
        (folder / "server.py").chmod(0o600)
        folder.chmod(0o700)
    hand_in(submissions / "bob", PRINTS_MUCH + animal("lock_over_conversation.py"))
    hand_in(submissions / "cyd", "print('Hey')\n")
    hand_in(submissions / "dan", "FROM no/such:image\n", "Dockerfile")
    hand_in(submissions / "eve", IS_IDLE)
    (submissions / "fay").mkdir()
    hand_in(submissions / "gus", "print('Much', flush=True)\nmuch = b'x' * 2**30\n")
    hand_in(other / "ada", animal("answers_once.py"))
    results.mkdir()
    (results / "fay.json").write_text("of an earlier run")
    with (
        grading(submissions, results, FORMAT="json") as process,
        grading(other, tmp_path / "wrong") as beside,
    ):
        printed, _ = process.communicate(timeout=PATIENCE)
        said = told(printed)
        said_beside = told(beside.communicate(timeout=PATIENCE)[0])
        assert (process.returncode, beside.returncode) == (1, 0)
        assert things_of(engine, process) == things_of(engine, beside) == []
    assert said_beside == {"ada": f"failed: see {tmp_path / 'wrong' / 'ada.text'}"}
    assert said["ada"] == "all passed"
    assert re.search(r"^ivy W\u00fcst +all passed$", printed, re.MULTILINE)
    assert said["bob"] == f"failed: see {results / 'bob.json'}"
    assert said["cyd"] == "ended at once: Hey"
    assert said["dan"].startswith("does not build: ")
    assert said["eve"] == "did not start listening on port 2022 within 10 s"
    assert said["fay"] == "is empty"
    assert said["gus"] == "ended at once: Much, out of memory"

    there = card_of(results, "ivy W\u00fcst"), card_of(results, "bob")
    assert all(len(card) == 11 for card in there)
    assert {card.stem for card in results.glob("*.json")} == {*said, "ivy W\u00fcst"} - {
        "ivy",
        "dan",
        "fay",
    }
    for name, last in (("cyd", "Hey"), ("gus", "Much")):
        assert card_of(results, name)["listens"]["hint"] == f"what it printed last: {last}"
    assert (results / "cyd.log").read_text(encoding="utf-8") == "Hey\n"
    log = (results / "bob.log").read_text(encoding="utf-8").splitlines()
    assert len(log) <= 1000
    assert log[-1].startswith("4999 ")

    card: dict[str, Any] = json.loads((results / "bob.json").read_text(encoding="utf-8"))
    failed = {check["name"] for check in card["checks"] if check["verdict"] == "failed"}
    assert failed == {"concurrent", "threads", "unblocked", "many"}


def test_a_scorecard_names_each_clients_thread_or_says_why_it_cannot(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    server = animal("threads.py")
    hand_in(tmp_path / "all" / "ada", server)
    bob = hand_in(tmp_path / "all" / "bob", server)
    hand_in(bob, f"{FROM}USER nobody\n{STARTS}", "Dockerfile")
    hand_in(tmp_path / "all" / "cyd", animal("dies_on_reset.py"))
    results = tmp_path / "results"
    with grading(tmp_path / "all", results, FORMAT="json") as process:
        said = told(process.communicate(timeout=PATIENCE)[0])
        assert things_of(engine, process) == []
    not_tried = f"passed, but something was not tried: see {results / 'bob.json'}"
    failed = f"failed: see {results / 'cyd.json'}"
    assert said == {"ada": "all passed", "bob": not_tried, "cyd": failed}

    seen = {name: card_of(results, name) for name in said}
    assert len(set(re.findall(r" by \S+ .*?\((\d+)\)", seen["ada"]["threads"]["evidence"]))) == 10
    assert seen["bob"]["threads"]["verdict"] == "not tried"
    assert "as the user who owns it, or as root" in seen["bob"]["threads"]["evidence"]
    # There is a scorecard even though the server and its container have ended.
    assert "; then the server was gone" in seen["cyd"]["leaves"]["evidence"]


def card_of(results: Path, name: str) -> dict[str, dict[str, str]]:
    """Return a scorecard's checks by name."""
    card = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return {check["name"]: check for check in card["checks"]}


@pytest.mark.parametrize(
    "words", ["grade docs", "grade none results", "check-program", "check-program --only --"]
)
def test_a_wrong_command_prints_its_usage_in_one_line(words: str) -> None:
    name, *options = words.split()
    done = run(ROOT / "grading" / name, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"{name}: usage: grading/{name} .*\n", done.stderr)


def test_an_empty_folder_is_reported(tmp_path: Path) -> None:
    done = run(GRADE, tmp_path, tmp_path / "results")
    assert (done.returncode, done.stderr) == (2, f"grade: no submissions in {tmp_path}\n")


def test_ctrl_c_ends_a_grading_and_nothing_remains(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    hand_in(tmp_path / "all" / "eve", IS_IDLE)
    with grading(tmp_path / "all", tmp_path / "results") as process:
        # A container, a network and an image.
        wait_until(lambda: len(things_of(engine, process)) >= 3, pause=0.1)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130, said
        assert things_of(engine, process) == []


@pytest.mark.usefixtures("engine")
def test_an_endless_build_is_ended(tmp_path: Path) -> None:
    # With a unique command, because an earlier build that did end would be in the cache.
    hand_in(tmp_path / "all" / "hal", f"{FROM}RUN sleep 600 && echo {tmp_path}\n", "Dockerfile")
    done = run(GRADE, tmp_path / "all", tmp_path / "results", BUILD_SECONDS="1")
    assert done.returncode == 1
    assert told(done.stdout) == {"hal": "did not finish building within 1 s"}


@pytest.fixture
def classroom(engine: docker.DockerClient, tmp_path: Path) -> Classroom:  # noqa: ARG001 - it is asked
    """A student's repository, this project in it, Python, click, and its own port 2022."""

    def classroom(server: str, script: str) -> Ran:
        repository = hand_in(tmp_path / "repository", server)
        mounts = [f"--volume={repository}:/classroom", f"--volume={ROOT}:/classroom/lab:ro"]
        words = ["docker", "run", "--rm", "--init", "--pull=never", f"--label={LABEL}={PROJECT}"]
        words += [*mounts, "--user=0", "--workdir=/classroom", "--entrypoint=bash", LANES_IMAGE]
        return run(*words, "-c", script)

    return classroom


def test_check_program_refuses_a_port_that_is_in_use(classroom: Classroom, tmp_path: Path) -> None:
    done = classroom(
        animal("threads.py"),
        """
        python3 server.py &
        until (: </dev/tcp/localhost/2022) 2>/dev/null; do sleep 0.1; done
        lab/grading/check-program -- touch started
        """,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch("check-program: something listens on port 2022 already.*\n", done.stderr)
    assert not (tmp_path / "repository" / "started").exists()


def test_check_program_ends_the_program_and_its_children_even_against_their_will(
    classroom: Classroom,
) -> None:
    ignores = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    done = classroom(
        ignores + animal("threads.py"),
        """
        mv server.py 'my server.py'
        lab/grading/check-program --only answers -- bash -c 'python3 "$1"; true' bash 'my server.py'
        code=$?
        ! readlink /proc/[1-9]*/exe | grep python || code=99
        exit $code
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("localhost:2022: 1 of 1 passed\n")


def test_check_program_shows_the_last_line_of_a_program_that_has_ended(
    classroom: Classroom,
) -> None:
    server = "print('Hey')\nraise SystemExit('\\033[2JNo port for me')\n"
    check = "lab/grading/check-program --wait 1 --format json -- python3 server.py"
    done = classroom(server, f"{check} >card.json || lab/grading/passed card.json answers")
    assert done.returncode == 1
    last = "The program has ended; its last line (server.log): [2JNo port for me\n"
    assert done.stderr.endswith(last)
    assert done.stdout.startswith("failed  listens: localhost:2022 refused the connection")
    assert done.stdout.endswith(r"(likely cause: what it printed last: \x1b[2JNo port for me)" "\n")


def test_check_program_finds_a_console_server_on_the_hosts_address_and_keeps_its_log(
    classroom: Classroom, tmp_path: Path
) -> None:
    done = classroom(CONSOLE, "lab/grading/check-program --only again -- python3 server.py")
    assert (done.returncode, done.stderr) == (0, "")
    found = r"\(the server listens there; nothing listens at localhost:2022\)"
    where = rf"^\S+:2022 {found}: 1 of 1 passed$"
    assert re.search(where, done.stdout, re.MULTILINE), done.stdout
    assert (tmp_path / "repository" / "server.log").stat().st_size <= 2 << 20


def test_passed_reports_each_named_check_and_whether_all_passed(tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"checks": CHECKS}))
    done = run(PASSED, card, "answers")
    assert (done.returncode, done.stdout) == (0, "passed  answers: 'Hey'\n")
    done = run(PASSED, card, "many", "answers", "churn")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "failed  many: 3 of 100 (likely cause: few threads)",
        "passed  answers: 'Hey'",
        "not tried  churn: no time was left",
    ]


@pytest.mark.parametrize(
    ("card", "names"),
    [
        (json.dumps({"checks": CHECKS}), []),
        (json.dumps({"checks": CHECKS}), ["no-such"]),
        ('{"checks": [{"name": "answers"}]}', ["answers"]),
        ("", ["answers"]),
        (None, ["answers"]),
    ],
)
def test_passed_refuses_unknown_checks_and_unreadable_cards(
    tmp_path: Path, card: str | None, names: list[str]
) -> None:
    if card is not None:
        (tmp_path / "card.json").write_text(card)
    done = run(PASSED, tmp_path / "card.json", *names)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: passed ")


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (animal("lock_over_conversation.py"), [0, 1, 0, 1]),
        (HOLDS_ITS_PORT, [1, 1, 1, 1]),
    ],
    ids=["a lock over the conversation", "holds its port"],
)
def test_the_classrooms_steps_run_unchanged_and_each_is_reported(
    classroom: Classroom, server: str, expected: list[int]
) -> None:
    workflow = (ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    ids, commands, checks = (
        re.findall(rf"{key}: (.*)", workflow) for key in ("- id", "command", "run")
    )
    assert f"runners: {','.join(ids)}" in workflow
    assert all(f"{one.upper()}_RESULTS: " in workflow for one in ids)

    check, *steps = (f"bash -ec {shlex.quote(step)}" for step in (checks[-1], *commands))
    script = "\n".join([check, *(f"{step} >&2; echo $?" for step in steps)])
    done = classroom(server, script)
    assert ids == ["answers", "concurrent", "robust", "crowds"]
    assert list(map(int, done.stdout.split())) == expected, done.stderr
