"""The end of a server's output, kept while the output is passed on."""

import os

from lanes.check.printed import CHUNK, KEPT, LENGTH, LINES, Printed


def test_the_last_printed_lines_are_kept_and_safe_to_show() -> None:
    printed = Printed()
    for number in range(KEPT):
        printed.add(b"\x1b[2J %d\r\n\n" % number)
    assert len(printed.lines) == LINES
    assert printed.lines[-1] == rf"\x1b[2J {KEPT - 1}"
    printed.add(b"x" * KEPT)
    assert printed.lines == ["x" * LENGTH]


def test_a_program_is_still_read_after_nobody_reads_its_output() -> None:
    source, sink = os.pipe()
    deaf, gone = os.pipe()
    os.close(deaf)
    os.write(sink, b"one\n" + b" " * (CHUNK - 4))  # as much as a pipe holds
    printed = Printed()
    os.close(sink)
    printed.pass_on(source, gone)
    for end in (source, gone):
        os.close(end)
    printed.add(b"\ntwo\n")
    assert printed.lines[-1] == "two"
