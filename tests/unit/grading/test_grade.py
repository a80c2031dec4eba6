"""`grading/grade` with a fake engine: names, the grade book, feedback, resuming."""

import csv
import json
import os
import signal
import sys
import zipfile
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import Any

import pytest

from grading.handed_in import found_in
from tests.kit.command import PATIENCE, ROOT, Ran, run
from tests.kit.submissions import hand_in
from tests.kit.waiting import wait_until

GRADE = ROOT / "grading" / "grade"
SLOW = {"answers": "passed", "many": "passed", "churn": "not tried"}
WRONG = {"answers": "passed", "concurrent": "failed", "many": "failed", "churn": "after many"}
UNSEEN = {"answers": "failed", "threads": "not tried", "many": "passed", "churn": "passed"}
RIGHT = {"answers": "passed", "many": "passed", "churn": "passed"}
HINT = "a lock held for the whole conversation"


def card(verdicts: dict[str, str]) -> str:
    checks: list[dict[str, Any]] = [
        {
            "name": name,
            "claim": f"It {name}.",
            "verdict": "not tried" if verdict.startswith("after ") else verdict,
            "evidence": "seen",
            "hint": HINT if verdict == "failed" else None,
            "seconds": 0.1,
            "after": verdict.removeprefix("after ") if verdict.startswith("after ") else None,
        }
        for name, verdict in verdicts.items()
    ]
    passed = list(verdicts.values()).count("passed")
    server = {"server": "localhost:2022", "protocol": "handout"}
    return json.dumps(server | {"passed": passed, "of": len(checks), "checks": checks})


def grade(submissions: Path, results: Path, *options: str) -> Ran:
    return run(sys.executable, GRADE, *options, submissions, results)


def rows(results: Path) -> dict[str, dict[str, str]]:
    if not (results / "summary.csv").exists():
        return {}
    with (results / "summary.csv").open(encoding="utf-8-sig", newline="") as book:
        return {row["name"]: row for row in csv.DictReader(book)}


def feedback(results: Path, name: str) -> str:
    return (results / "feedback" / name / "feedback.txt").read_text(encoding="utf-8")


def held(fake: Path) -> int:
    """Return how many submissions are being checked."""
    return len(list((fake / "checks").glob("*")))


def test_only_failed_checks_count_as_failed_and_the_book_has_a_row_each(
    fake: Path, submissions: Path, results: Path
) -> None:
    for name, verdicts in (("ada", RIGHT), ("bea", SLOW), ("cyd", WRONG)):
        hand_in(submissions / name, card(verdicts))
    hand_in(submissions / "dan", "CRASH =cmd()\nNameError: sokcet")
    (submissions / "eve").mkdir()
    hand_in(hand_in(submissions / "fay", "", "client.py"), "", "my server.py")
    weights = results.with_name("weights.toml")
    weights.write_text("answers = 1\nconcurrent = 2\nchurn = 0.5\nnosuch = 4\n")
    passed_on = ("--timeout=7", "--wait=20", "--protocol=lines")
    done = grade(submissions, results, f"--weights={weights}", *passed_on)
    assert done.returncode == 1
    assert "weights for checks that appear on no card: nosuch" in done.stderr
    assert sorted(map(str.split, done.stdout.splitlines())) == sorted(
        line.split()
        for line in (
            "ada all passed",
            f"bea passed, but something was not tried: see {results}/bea.text",
            f"cyd failed: see {results}/cyd.text",
            "dan ended at once: NameError: sokcet",
            "eve is empty",
            "fay has neither server.py nor a Dockerfile, only client.py and my server.py",
        )
    )
    told = (fake / "told").read_text(encoding="utf-8")
    assert "--timeout=7 --wait=20 --protocol=lines" in told
    book = rows(results)
    assert [book["bea"][column] for column in ("result", "points", "of", "not tried checks")] == [
        *("passed, but something was not tried", "1", "7", "churn")
    ]
    assert book["cyd"]["failed checks"] == "concurrent many"
    assert (book["cyd"]["failed"], book["cyd"]["likely first cause"]) == ("2", HINT)
    assert (book["cyd"]["points"], book["cyd"]["of"]) == ("1", "7.5")
    assert (book["dan"]["points"], book["dan"]["failed checks"]) == ("0", "listens")
    assert book["dan"]["likely first cause"].endswith("NameError: sokcet")
    assert book["eve"]["likely first cause"] == "is empty"
    assert (results / "dan.text").read_text(encoding="utf-8").startswith("FAILED     listens")


def test_untried_checks_do_not_count_unless_an_earlier_failure_is_the_cause(
    fake: Path, submissions: Path, results: Path
) -> None:
    assert fake.exists()
    for name, verdicts in (("slow", SLOW), ("wrong", WRONG), ("unseen", UNSEEN)):
        hand_in(submissions / name, card(verdicts))
    hand_in(submissions / "blind", card(UNSEEN | {"many": "not tried"}))
    hand_in(submissions / "crashes", "CRASH NameError: sokcet")
    hand_in(submissions / "unknown", "")  # the checker prints nothing, not even a reason
    weights = results.with_name("weights.toml")
    weights.write_text("answers = 1\nmany = 3\nchurn = 1\nthreads = 1\nconcurrent = 2\n")
    grade(submissions, results, f"--weights={weights}")
    book = rows(results)
    got = {name: (row["points"], row["of"], row["percent"]) for name, row in book.items()}
    assert got == {
        "slow": ("4", "7", "57.1"),  # without churn
        "unseen": ("4", "7", "57.1"),  # without threads: an unrelated failure does not cost it
        "wrong": ("1", "8", "12.5"),  # with churn: the server answered no one after many
        "blind": ("1", "4", "25"),
        "crashes": ("0", "8", "0"),
        "unknown": ("", "", ""),
    }
    assert "lost: threads many\n" in feedback(results, "blind")
    assert feedback(results, "unseen").startswith(
        "Points: 4 of 7 (57.1 %)\nNot tried, and neither earned nor lost: threads\n\n"
    )
    assert feedback(results, "wrong").startswith("Points: 1 of 8 (12.5 %)\n\n")
    assert feedback(results, "unknown") == (
        "No points yet\n\nYour submission could not be checked: the checker said nothing.\n"
    )


def test_a_server_that_listens_too_late_is_not_checked(
    fake: Path, submissions: Path, results: Path
) -> None:
    hand_in(submissions / "late", card({"listens": "failed"}))
    done = grade(submissions, results, "--wait=7")
    assert done.returncode == 1
    assert done.stdout == "late did not start listening on port 2022 within 7 s\n"
    assert (rows(results)["late"]["failed checks"], rows(results)["late"]["points"]) == (
        *("listens", "0"),
    )
    assert (fake / "told").read_text(encoding="utf-8").count(" run --rm ") == 1


def test_a_fault_of_the_engine_is_reported_for_its_submission_alone(
    fake: Path, submissions: Path, results: Path
) -> None:
    for what in ("build", "up", "inspect", "hold"):
        hand_in(submissions / what, f"BROKEN {what}")
    hand_in(submissions / "right", card(RIGHT))
    (fake / "hold").touch()
    (fake / "user").write_text("10001:10001")
    done = grade(submissions, results, "--build-seconds=2", "--at-once=4")
    (fake / "hold").unlink()
    assert done.returncode == 1
    assert dict(line.split(maxsplit=1) for line in done.stdout.splitlines()) == {
        "build": "does not build: no such thing",
        "up": "does not start: no such thing",
        "inspect": "could not be checked: the engine said "
        "JSONDecodeError('Expecting value: line 2 column 1 (char 1)')",
        "hold": "did not finish building within 2 s",
        "right": "all passed",
    }
    assert feedback(results, "build").endswith("Last lines of the log:\n\nmuch\nno such thing\n")
    assert rows(results)["inspect"]["points"] == ""


def test_feedback_says_each_thing_once(fake: Path, submissions: Path, results: Path) -> None:
    assert fake.exists()
    hand_in(submissions / "crashes", "CRASH NameError: sokcet")
    hand_in(submissions / "prints", card(RIGHT))
    (submissions / "empty").mkdir()
    grade(submissions, results)
    assert feedback(results, "crashes").count("NameError: sokcet") == 2  # as evidence, and as hint
    assert feedback(results, "empty") == "Points: 0 of 11 (0 %)\n\nYour submission is empty.\n"
    assert "\n\nLast lines of its output:\n\n{" in feedback(results, "prints")
    assert "\n\n\n" not in feedback(results, "prints")


def test_a_spreadsheet_reads_the_book_with_umlauts_in_dictionary_order(
    fake: Path, submissions: Path, results: Path
) -> None:
    assert fake.exists()
    for name in ("zoe", "Ömer", "Anna", "otto"):
        hand_in(submissions / name, card(RIGHT))
    grade(submissions, results)
    assert list(rows(results)) == ["Anna", "Ömer", "otto", "zoe"]
    assert (results / "summary.csv").read_bytes().startswith(b"\xef\xbb\xbfname,")


@pytest.mark.parametrize("form", ["json", "junit"])
def test_a_crashed_submission_has_a_card_in_the_requested_format(
    fake: Path, submissions: Path, results: Path, form: str
) -> None:
    hand_in(submissions / "dan", "CRASH NameError: sokcet")
    assert grade(submissions, results, f"--format={form}").returncode == 1
    assert fake.exists()
    text = (results / f"dan.{form}").read_text(encoding="utf-8")
    assert "NameError: sokcet" in text
    assert text.startswith("{" if form == "json" else "<?xml")


def test_moodle_and_canvas_downloads_are_read_and_feedback_keeps_their_names(
    fake: Path, submissions: Path, results: Path, tmp_path: Path
) -> None:
    assert fake.exists()
    moodle = "Zoë Groß Müller_4711_assignsubmission_file"
    packed = hand_in(submissions / moodle, "", "Aufgabe 3.zip") / "Aufgabe 3.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Lösung/my server.py", card(RIGHT))
        archive.writestr("Lösung/notes.txt", "Hey")
        archive.writestr("__MACOSX/Lösung/._my server.py", "\0")
    hand_in(submissions / "__MACOSX", "\0")
    hand_in(submissions / "Zoë Groß Müller_4711_assignsubmission_onlinetext", "", "text.html")
    strict = hand_in(submissions / "strict", card(RIGHT))
    (strict / "server.py").chmod(0o600)
    strict.chmod(0o700)
    hand_in(submissions, card(WRONG), "doejane_LATE_12_345_server-1.py")
    hand_in(submissions, "Hey", "doejane_LATE_12_346_read me.txt")
    hand_in(submissions, card(SLOW), "Jörg van_der Ohe_815_assignsubmission_file_server.py")
    done = grade(submissions, results)
    assert done.returncode == 0, done.stdout + done.stderr
    flat = "Jörg van_der Ohe_815"
    assert set(rows(results)) == {"Zoë Groß Müller_4711", flat, "strict", "doejane_12"}
    assert rows(results)["doejane_12"]["failed"] == "2"
    with zipfile.ZipFile(results / "feedback.zip") as archive:
        names = set(archive.namelist())
        said = archive.read("doejane_12_346_feedback.txt").decode()
    assert names == {
        *(f"{moodle}/feedback.txt", "strict/feedback.txt", "doejane_12_346_feedback.txt"),
        f"{flat}_assignsubmission_file/feedback.txt",
    }
    assert said.startswith("Points: ")
    assert HINT in said
    assert not list(tmp_path.glob("results/.*"))


def test_an_archive_of_all_is_read_and_equal_files_have_equal_stamps(
    fake: Path, submissions: Path, results: Path, tmp_path: Path
) -> None:
    assert fake.exists()
    packed = tmp_path / "CSE 3.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("CSE 3/Zoë_4711_assignsubmission_file/server.py", card(RIGHT))
    assert grade(packed, results).returncode == 0
    assert set(rows(results)) == {"Zoë_4711"}
    packed.write_bytes(b"no archive")
    done = grade(packed, results)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    folders = [hand_in(submissions / name / "ada", "Hey").parent for name in ("1", "2")]
    one, other = (found_in(folder, but=tmp_path)[0].stamp() for folder in folders)
    hand_in(submissions / "2" / "ada", "Hi.")
    assert one == other != found_in(folders[1], but=tmp_path)[0].stamp()


def test_a_stray_file_and_the_results_among_the_submissions_are_not_submissions(
    submissions: Path,
) -> None:
    hand_in(submissions / "ada", card(RIGHT))
    (submissions / "minutes.txt").touch()
    results = submissions / "results"
    results.mkdir()
    assert [one.name for one in found_in(submissions, but=results)] == ["ada"]


def test_two_are_graded_at_a_time_and_an_interrupted_run_resumes(
    fake: Path, submissions: Path, results: Path
) -> None:
    for number in range(6):
        hand_in(submissions / f"s{number}", ("HOLD " if number > 1 else "") + card(RIGHT))
    (fake / "hold").touch()
    with Popen(
        [sys.executable, GRADE, submissions, results], stdout=PIPE, stderr=STDOUT, text=True
    ) as process:
        try:
            wait_until(lambda: held(fake) == 2 and len(rows(results)) == 2)
            process.send_signal(signal.SIGINT)
        finally:
            (fake / "hold").unlink()  # the held checks end, as when their containers are removed
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "Interrupted with 2 of 6 graded; the same command resumes there." in said
    assert [*rows(results)] == ["s0", "s1"]

    hand_in(submissions / "s1", card(WRONG))  # handed in again
    os.truncate(fake / "told", 0)
    done = grade(submissions, results)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(rows(results)) == 6
    assert rows(results)["s1"]["result"] == "failed"
    assert (fake / "told").read_text(encoding="utf-8").count("build ") == 5
    assert grade(submissions, results).returncode == 0
    assert (fake / "told").read_text(encoding="utf-8").count("build ") == 11  # a new run: all 6
