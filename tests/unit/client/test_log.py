"""The log: one event per line, escaped, written at once."""

import io
import json
import re

from client.log import Log

EVIL = "a\x1b[2J\nb\x7f\x85\u2028\u202e\ud800'\""


def test_a_console_line_has_the_time_the_event_and_its_facts_escaped() -> None:
    out = io.StringIO()
    log = Log(out, "console")
    log.info("reply", number=1, thread="T-1", text="Grüße 🧵")
    log.info("reply", text=EVIL)
    good, evil, rest = out.getvalue().split("\n")
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} reply number=1 thread=T-1 text='Grüße 🧵'", good)
    assert evil.isprintable()
    assert rest == ""


def test_a_quiet_log_has_only_warnings_and_errors_and_marks_them() -> None:
    out = io.StringIO()
    log = Log(out, "console", quiet=True)
    log.info("greeted")
    log.warning("one")
    log.error("two")
    assert [line[13:] for line in out.getvalue().splitlines()] == ["warning: one", "error: two"]


def test_a_json_line_is_one_object_of_printable_ascii_that_keeps_the_text() -> None:
    out = io.StringIO()
    Log(out, "json").bind(server="s:1").info("reply", text=EVIL)
    line = out.getvalue().removesuffix("\n")
    assert line.isascii()
    assert line.isprintable()
    event = json.loads(line)
    assert event.pop("time").endswith("+00:00")
    assert event == {"level": "info", "event": "reply", "server": "s:1", "text": EVIL}
