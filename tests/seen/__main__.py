"""`python -m tests.seen [NAME...]`: watch each server, and write what was seen as JSON."""

import json
import re
import sys
from datetime import UTC, datetime

from tests.seen.observation import Row, observe
from tests.seen.subjects import SUBJECTS, Subject


def main() -> None:
    rows, failed = [], False
    for subject in [one for one in SUBJECTS if one.name in sys.argv[1:] or not sys.argv[1:]]:
        try:
            row = observe(subject)
        except (AssertionError, OSError) as error:
            failed = True
            sys.stderr.write(f"{subject.name}: FAILED, {error}\n")
        else:
            failed |= bool(row.wrong)
            sys.stderr.write(_line(subject, row))
            rows.append(_described(subject, row))
    page = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "servers": rows}
    sys.stdout.write(f"{json.dumps(page, indent=1)}\n")
    sys.exit(failed)


def _line(subject: Subject, row: Row) -> str:
    wrong = len(row.wrong) if subject.says else "-"
    other = "" if re.fullmatch(subject.kind, row.kind) else f" (it is {subject.kind})"
    seen = f"{row.kind}{other}: {row.evidence}"
    how = f"idle {dict(row.idle)}, busy {dict(row.busy)}; {row.certain} certain, {wrong} wrong"
    return "\n".join([f"{row.name} {row.version}: {seen}; {how}", *row.wrong, ""])


def _described(subject: Subject, row: Row) -> dict[str, object]:
    told = {"is": subject.kind, "guess": subject.guess, "fact": subject.fact}
    return {**vars(row), "wrong": len(row.wrong) if subject.says else None, **told}


if __name__ == "__main__":
    main()
