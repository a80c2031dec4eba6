"""The processes that end with a watch."""

import os
import signal

import pytest

from lanes.watch.ending import Ending
from tests.kit.puppet import Puppet
from tests.kit.waiting import SECONDS


def test_forked_children_that_ignore_sigterm_are_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.watch.ending.PATIENCE", 0.1)
    with Puppet() as child, Puppet() as forked:
        forked.do("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
        ending = Ending(child.process, {forked.pid: os.pidfd_open(forked.pid)})  # type: ignore[arg-type]  # a Popen of text
        assert ending.end() == 0
        assert child.process.wait(SECONDS) == -signal.SIGTERM
        assert forked.process.wait(SECONDS) == -signal.SIGKILL
