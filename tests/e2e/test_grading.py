"""A folder of submissions is graded, each in a container of its own; so is a Classroom's."""

import json
import os
import re
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import docker
import pytest

from tests.kit.command import PATIENCE, ROOT, Ran, run
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT
from tests.kit.waiting import wait_until

GRADE, PASSED = ROOT / "grading" / "grade", ROOT / "grading" / "passed"
ZOO = ROOT / "tests" / "zoo" / "servers"
DOCKERFILE = """
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY server.py /
CMD ["python3", "/server.py", "2022"]
"""
ENDLESS_BUILD = """
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
RUN sleep 600 && echo UNIQUE
"""  # an earlier one that did come to its end would be in the cache
PRINTS_MUCH = """
for number in range(5000):
    print(number, "x" * 1000)
"""
# No SO_REUSEADDR, and it closes first: the next to want the port would be refused it for a minute.
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
CARD = {
    "checks": [
        {"name": "answers", "verdict": "passed", "evidence": "'Hey'", "hint": None},
        {"name": "many", "verdict": "failed", "evidence": "3 of 100", "hint": "few threads"},
        {"name": "churn", "verdict": "not tried", "evidence": "no time was left", "hint": None},
    ]
}


def animal(name: str) -> str:
    """One of the zoo, started without a word; it binds localhost as the original lab's does."""
    return (ZOO / name).read_text(encoding="utf-8").replace("int(sys.argv[1])", "2022")


def hand_in(folder: Path, server: str, dockerfile: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(server, encoding="utf-8")
    if dockerfile:
        (folder / "Dockerfile").write_text(dockerfile)
    return folder


def told(said: str) -> dict[str, str]:
    """What `grade` says of each."""
    return dict(line.split(maxsplit=1) for line in said.splitlines() if line)


@contextmanager
def grading(submissions: Path, results: Path, **variables: str) -> Iterator["Popen[str]"]:
    """One run among others: in a project of its own, and with a terminal's process group."""
    process = Popen(
        [GRADE, submissions, results],
        stdout=PIPE,
        text=True,
        env=os.environ | variables,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def things_of(engine: docker.DockerClient, process: "Popen[str]") -> list[str]:
    """The containers, networks and images that are there for this run."""
    ours = {"label": f"{LABEL}=thread-lanes-grading-{process.pid}"}
    everything = engine.containers.list(all=True, filters=ours) + engine.networks.list(filters=ours)
    tag = f"thread-lanes-submission:{process.pid}"
    return [thing.name for thing in everything] + [
        str(image.id) for image in engine.images.list(name=tag)
    ]


def test_each_submission_has_a_scorecard_or_the_reason_why_not_and_two_gradings_do_not_meet(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    results, other = tmp_path / "results", tmp_path / "other"
    submissions = tmp_path / "submissions"
    hand_in(submissions / "ada", (ZOO / "threads.py").read_text(encoding="utf-8"), DOCKERFILE)
    hand_in(submissions / "bob", PRINTS_MUCH + animal("lock_over_conversation.py"))
    hand_in(submissions / "cyd", "print('Hey')\n")
    hand_in(submissions / "dan", "", "FROM no/such:image\n")
    hand_in(submissions / "eve", "import time; time.sleep(600)\n")
    (submissions / "fay").mkdir()
    hand_in(submissions / "gus", "print('Much', flush=True)\nmuch = b'x' * 2**30\n")
    hand_in(other / "ada", animal("answers_once.py"))
    results.mkdir()
    (results / "fay.json").write_text("of an earlier run")
    with (
        grading(submissions, results, FORMAT="json") as process,
        grading(other, tmp_path / "wrong") as beside,
    ):
        said = told(process.communicate(timeout=PATIENCE)[0])
        said_beside = told(beside.communicate(timeout=PATIENCE)[0])
        assert (process.returncode, beside.returncode) == (1, 0)
        assert things_of(engine, process) == things_of(engine, beside) == []
    assert said_beside == {"ada": f"failed: see {tmp_path / 'wrong' / 'ada.text'}"}
    assert said["ada"] == "all passed"
    assert said["bob"] == f"failed: see {results / 'bob.json'}"
    assert said["cyd"] == "ended at once: Hey"
    assert said["dan"].startswith("does not build: ")
    assert said["eve"].startswith("could not be checked: Nobody is there to be checked: ")
    assert said["fay"] == "has neither server.py nor a Dockerfile"
    assert said["gus"] == "ended at once: Much, out of memory"

    assert {card.name for card in results.glob("*.json")} == {"ada.json", "bob.json"}
    assert (results / "cyd.log").read_text(encoding="utf-8") == "Hey\n"
    log = (results / "bob.log").read_text(encoding="utf-8").splitlines()
    assert len(log) <= 1000
    assert log[-1].startswith("4999 ")

    card: dict[str, Any] = json.loads((results / "bob.json").read_text(encoding="utf-8"))
    failed = {check["name"] for check in card["checks"] if check["verdict"] == "failed"}
    assert failed == {"concurrent", "unblocked", "many"}


WRONG = [
    *("grade", "grade docs", "grade none results"),
    *("check-program", "check-program --only answers", "check-program --only answers --"),
]


@pytest.mark.parametrize("words", [command.split() for command in WRONG], ids=WRONG)
def test_a_wrong_command_is_told_in_one_line_how_it_is_used(words: list[str]) -> None:
    done = run(ROOT / "grading" / words[0], *words[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"{words[0]}: usage: grading/{words[0]} .*\n", done.stderr)


def test_where_there_is_nothing_to_grade_that_is_said(tmp_path: Path) -> None:
    done = run(GRADE, tmp_path, tmp_path / "results")
    assert (done.returncode, done.stderr) == (2, f"grade: no submissions in {tmp_path}\n")


def test_ctrl_c_ends_a_grading_and_nothing_remains(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    hand_in(tmp_path / "all" / "eve", "import time; time.sleep(600)\n")
    with grading(tmp_path / "all", tmp_path / "results") as process:
        # A container, a network and an image.
        wait_until(lambda: len(things_of(engine, process)) >= 3, pause=0.1)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert things_of(engine, process) == []


@pytest.mark.usefixtures("engine")
def test_a_build_that_does_not_end_is_ended(tmp_path: Path) -> None:
    hand_in(tmp_path / "all" / "hal", "", ENDLESS_BUILD.replace("UNIQUE", str(tmp_path)))
    done = run(GRADE, tmp_path / "all", tmp_path / "results", BUILD_SECONDS="1")
    assert (done.returncode, told(done.stdout)) == (1, {"hal": "does not build within 1 s"})


def in_classroom(repository: Path, script: str) -> Ran:
    """A student's repository, this project beside it, Python, click, and a port 2022 of its own."""
    mounts = [f"--volume={repository}:/classroom", f"--volume={ROOT}:/classroom/lab:ro"]
    words = ["docker", "run", "--rm", "--init", "--pull=never", f"--label={LABEL}={PROJECT}"]
    words += [*mounts, "--user=0", "--workdir=/classroom", "--entrypoint=bash", CLIENT_IMAGE]
    return run(*words, "-c", script)


@pytest.mark.usefixtures("engine")
def test_check_program_refuses_a_port_that_somebody_listens_on(tmp_path: Path) -> None:
    repository = hand_in(tmp_path / "ada", animal("threads.py"))
    done = in_classroom(
        repository,
        """
        python3 server.py &
        until (: </dev/tcp/localhost/2022) 2>/dev/null; do sleep 0.1; done
        lab/grading/check-program -- touch started
        """,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch("check-program: something listens on port 2022 already.*\n", done.stderr)
    assert not (repository / "started").exists()


@pytest.mark.usefixtures("engine")
def test_check_program_ends_the_program_with_its_children_even_those_that_ignore_it(
    tmp_path: Path,
) -> None:
    ignores = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    repository = hand_in(tmp_path / "ada", ignores + animal("threads.py"))
    (repository / "server.py").rename(repository / "my server.py")
    done = in_classroom(
        repository,
        """
        lab/grading/check-program --only answers -- bash -c 'python3 "$1"; true' bash 'my server.py'
        code=$?
        ! readlink /proc/[1-9]*/exe | grep python || code=99
        exit $code
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("localhost:2022: 1 of 1 passed\n")


@pytest.mark.usefixtures("engine")
def test_check_program_says_what_a_program_that_has_ended_printed_last(tmp_path: Path) -> None:
    server = "print('Hey')\nraise SystemExit('\\033[2JNo port for me')\n"
    repository = hand_in(tmp_path / "cyd", server)
    done = in_classroom(repository, "lab/grading/check-program -- python3 server.py")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith(
        "The program has ended; the last that it printed (server.log): [2JNo port for me\n"
    )


def test_passed_tells_of_each_check_that_is_named_and_whether_all_of_them_passed(
    tmp_path: Path,
) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps(CARD))
    done = run(PASSED, card, "answers")
    assert (done.returncode, done.stdout) == (0, "passed  answers: 'Hey'\n")
    done = run(PASSED, card, "many", "answers", "churn")
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        [
            "failed  many: 3 of 100 (mostly: few threads)",
            "passed  answers: 'Hey'",
            "not tried  churn: no time was left",
        ],
    )


def test_passed_is_wrongly_used_without_a_name_that_is_there_and_a_card_that_can_be_read(
    tmp_path: Path,
) -> None:
    card, empty, other = (tmp_path / name for name in ("card.json", "empty.json", "other.json"))
    card.write_text(json.dumps(CARD))
    empty.write_text("")
    other.write_text('{"checks": [{"name": "answers"}]}')
    for words in ([], [card], [card, "no-such"], [empty, "answers"], [other, "answers"]):
        done = run(PASSED, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: passed ")
    assert run(PASSED, tmp_path / "none.json", "answers").returncode == 2


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (
            animal("lock_over_conversation.py"),
            {"answers": 0, "concurrent": 1, "robust": 0, "crowds": 1},
        ),
        (HOLDS_ITS_PORT, {"answers": 1, "concurrent": 1, "robust": 1, "crowds": 0}),
    ],
    ids=["a lock over the conversation", "holds its port"],
)
def test_the_classrooms_steps_run_as_they_stand_and_are_reported_each(
    tmp_path: Path, server: str, expected: dict[str, int]
) -> None:
    workflow = (ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    ids, commands, checks = (
        re.findall(rf"{key}: (.*)", workflow) for key in ("- id", "command", "run")
    )
    assert f"runners: {','.join(ids)}" in workflow
    assert all(f"{one.upper()}_RESULTS: " in workflow for one in ids)

    check, *steps = (f"bash -ec {shlex.quote(step)}" for step in (checks[-1], *commands))
    script = "\n".join([check, *(f"{step} >&2; echo $?" for step in steps)])
    done = in_classroom(hand_in(tmp_path / "repository", server), script)
    codes = dict(zip(ids, map(int, done.stdout.split()), strict=True))
    assert codes == expected, done.stderr
