"""A folder of submissions is graded, each in a container of its own; so is a Classroom's."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.kit.command import PATIENCE, ROOT
from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT, remaining
from tests.kit.lab import Lab
from tests.kit.waiting import wait_until

GRADE, CHECK_PROGRAM, PASSED = (
    ROOT / "grading" / name for name in ("grade", "check-program", "passed")
)
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
RUN sleep 600
"""
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


def hand_in(folder: Path, animal: str, *, dockerfile: str | None = None, first: str = "") -> None:
    """One of the zoo, which binds localhost as the original lab's does."""
    text = first + (ZOO / animal).read_text(encoding="utf-8")
    if dockerfile is None:  # then it is started without a word
        text = text.replace("int(sys.argv[1])", "2022")
    hand_in_text(folder, text, dockerfile=dockerfile)


def hand_in_text(folder: Path, server: str, *, dockerfile: str | None = None) -> None:
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(server, encoding="utf-8")
    if dockerfile is not None:
        (folder / "Dockerfile").write_text(dockerfile)


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    hand_in(folder / "ada", "threads.py", dockerfile=DOCKERFILE)
    hand_in(folder / "bob", "lock_over_conversation.py", first=PRINTS_MUCH)
    hand_in_text(folder / "cyd", "print('Hey')\n")
    hand_in_text(folder / "dan", "", dockerfile="FROM no/such:image\n")
    hand_in_text(folder / "eve", "import time; time.sleep(600)\n")
    (folder / "fay").mkdir()
    hand_in_text(folder / "gus", "print('Much', flush=True)\nmuch = b'x' * 2**30\n")
    return folder


def run(*words: str | Path, **changed: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | changed,
    )


def told(said: str) -> dict[str, str]:
    """What `grade` says of each."""
    return dict(line.split(maxsplit=1) for line in said.splitlines() if line)


@pytest.fixture
def checker(lab: Lab) -> None:
    assert lab.compose("build", "--quiet", "client") == ""


@pytest.mark.usefixtures("checker")
def test_each_submission_has_a_scorecard_or_is_said_to_have_none_and_why(
    engine: docker.DockerClient, submissions: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "fay.json").write_text("of an earlier run")
    done = run(GRADE, submissions, results, FORMAT="json")
    said = told(done.stdout)
    assert done.returncode == 1
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
    assert remaining(engine) == []

    card: dict[str, Any] = json.loads((results / "bob.json").read_text(encoding="utf-8"))
    failed = {check["name"] for check in card["checks"] if check["verdict"] == "failed"}
    assert failed == {"concurrent", "unblocked", "many"}


def test_grade_says_how_it_is_used_and_where_there_is_nothing_to_grade(tmp_path: Path) -> None:
    for words in ([], [tmp_path], [tmp_path / "no such", tmp_path / "results"]):
        done = run(GRADE, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch("grade: usage: grading/grade SUBMISSIONS RESULTS.*\n", done.stderr)
    done = run(GRADE, tmp_path, tmp_path / "results")
    assert (done.returncode, done.stderr) == (2, f"grade: no submissions in {tmp_path}\n")


@contextmanager
def grading(submissions: Path, results: Path) -> Iterator["subprocess.Popen[str]"]:
    """One run among others: in no project but its own, and with a terminal's process group."""
    env = {name: text for name, text in os.environ.items() if name != "COMPOSE_PROJECT_NAME"}
    process = subprocess.Popen(
        [GRADE, submissions, results],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def things_of(engine: docker.DockerClient, process: "subprocess.Popen[str]") -> list[str]:
    """The containers, networks and images that are there for this run."""
    ours = {"label": f"{LABEL}=thread-lanes-grading-{process.pid}"}
    everything = engine.containers.list(all=True, filters=ours) + engine.networks.list(filters=ours)
    tag = f"thread-lanes-submission:{process.pid}"
    return [thing.name for thing in everything] + [
        str(image.id) for image in engine.images.list(name=tag)
    ]


@pytest.mark.usefixtures("checker")
def test_two_gradings_at_once_do_not_meet_and_leave_nothing_behind(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    hand_in(one / "ada", "threads.py")
    hand_in(other / "ada", "answers_once.py")
    with grading(one, tmp_path / "right") as right, grading(other, tmp_path / "wrong") as wrong:
        said = [told(process.communicate(timeout=PATIENCE)[0]) for process in (right, wrong)]
        assert said == [
            {"ada": "all passed"},
            {"ada": f"failed: see {tmp_path / 'wrong' / 'ada.text'}"},
        ]
        assert things_of(engine, right) == things_of(engine, wrong) == []


@pytest.mark.usefixtures("checker")
def test_ctrl_c_ends_a_grading_and_nothing_remains(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    hand_in_text(tmp_path / "all" / "eve", "import time; time.sleep(600)\n")
    with grading(tmp_path / "all", tmp_path / "results") as process:
        wait_until(lambda: len(things_of(engine, process)) >= 3)  # container, network, image
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert things_of(engine, process) == []


@pytest.mark.usefixtures("checker")
def test_a_build_that_does_not_end_is_ended(tmp_path: Path) -> None:
    hand_in_text(tmp_path / "all" / "hal", "", dockerfile=ENDLESS_BUILD)
    done = run(GRADE, tmp_path / "all", tmp_path / "results", BUILD_SECONDS="2")
    assert done.returncode == 1
    assert told(done.stdout) == {"hal": "does not build within 2 s"}


def in_classroom(repository: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """A student's repository, this project beside it, Python, click, and a port 2022 of its own."""
    mounts = [f"--volume={repository}:/classroom", f"--volume={ROOT}:/classroom/lab:ro"]
    words = ["docker", "run", "--rm", "--init", "--pull=never", f"--label={LABEL}={PROJECT}"]
    words += [*mounts, "--user=0", "--workdir=/classroom", "--entrypoint=bash", CLIENT_IMAGE]
    return run(*words, "-c", script)


def test_check_program_says_in_one_line_how_it_is_used() -> None:
    for words in ([], ["--only", "answers"], ["--only", "answers", "--"]):
        done = run(CHECK_PROGRAM, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch("check-program: usage: .* -- PROGRAM .*\n", done.stderr)


@pytest.mark.usefixtures("checker")
def test_check_program_refuses_a_port_that_somebody_listens_on(tmp_path: Path) -> None:
    hand_in(tmp_path / "ada", "threads.py")
    done = in_classroom(
        tmp_path / "ada",
        """
        python3 server.py &
        until (: </dev/tcp/localhost/2022) 2>/dev/null; do sleep 0.1; done
        lab/grading/check-program -- touch started
        """,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch("check-program: something listens on port 2022 already.*\n", done.stderr)
    assert not (tmp_path / "ada" / "started").exists()


@pytest.mark.usefixtures("checker")
def test_check_program_ends_the_program_with_its_children_even_those_that_ignore_it(
    tmp_path: Path,
) -> None:
    ignores = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    hand_in(tmp_path / "ada", "threads.py", first=ignores)
    (tmp_path / "ada" / "server.py").rename(tmp_path / "ada" / "my server.py")
    done = in_classroom(
        tmp_path / "ada",
        """
        lab/grading/check-program --only answers -- bash -c 'python3 "$1"; true' bash 'my server.py'
        code=$?
        ! readlink /proc/[1-9]*/exe | grep python || code=99
        exit $code
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("localhost:2022: 1 of 1 passed\n")


@pytest.mark.usefixtures("checker")
def test_check_program_says_what_a_program_that_has_ended_printed_last(tmp_path: Path) -> None:
    hand_in_text(tmp_path / "cyd", "print('Hey')\nraise SystemExit('\\033[2JNo port for me')\n")
    done = in_classroom(tmp_path / "cyd", "lab/grading/check-program -- python3 server.py")
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


@pytest.mark.usefixtures("checker")
@pytest.mark.parametrize(
    ("submit", "expected"),
    [
        (
            lambda folder: hand_in(folder, "lock_over_conversation.py"),
            {"answers": 0, "concurrent": 1, "robust": 0, "crowds": 1},
        ),
        (
            lambda folder: hand_in_text(folder, HOLDS_ITS_PORT),
            {"answers": 1, "concurrent": 1, "robust": 1, "crowds": 0},
        ),
        (
            lambda folder: hand_in_text(folder, "print('Hey')\n"),
            {"answers": 2, "concurrent": 2, "robust": 2, "crowds": 2},
        ),
    ],
    ids=["a lock over the conversation", "holds its port", "ends at once"],
)
def test_the_classrooms_steps_run_as_they_stand_and_are_reported_each(
    tmp_path: Path, submit: Callable[[Path], None], expected: Mapping[str, int]
) -> None:
    submit(tmp_path / "repository")
    workflow = (ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    ids, commands, checks = (
        re.findall(rf"{key}: (.*)", workflow) for key in ("- id", "command", "run")
    )
    assert f"runners: {','.join(ids)}" in workflow
    assert all(f"{one.upper()}_RESULTS: " in workflow for one in ids)

    check, *steps = (f"bash -ec {shlex.quote(step)}" for step in (checks[-1], *commands))
    script = "\n".join([check, *(f"{step} >&2; echo $?" for step in steps)])
    done = in_classroom(tmp_path / "repository", script)
    codes = dict(zip(ids, map(int, done.stdout.split()), strict=True))
    assert codes == expected, done.stderr
