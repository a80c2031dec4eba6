"""The short benchmark of CI: it fails where the server is slow beside its peers, and only there."""

from collections.abc import Callable
from dataclasses import asdict

import pytest
from click.testing import CliRunner

import bench.__main__
from bench import guard
from bench.load import Sample
from bench.rounds import ROWS, Row

Short = Callable[..., tuple[int, str]]


def measured(ours: int, *, socketserver: int = 100, errors: int = 0) -> dict[str, list[Sample]]:
    rates = {"thread": ours, "socketserver": socketserver, "C threads": 200}
    return {
        name: 3 * [Sample(rate, 1.0, errors, 1, 1, 1, 1, 1, 1, 0.5, 1, 0.5)]
        for name, rate in rates.items()
    }


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Short:
    """What comes of `python -m bench short`: exit code and output.

    The server once had as many messages a second as socketserver, in every row.
    """
    one = {name: [asdict(sample) for sample in ran] for name, ran in measured(100).items()}
    recorded: dict[str, object] = {"pinned": {row.name: one for row in ROWS}}

    def short(ours: int, *, before: dict[str, object] = recorded, **others: int) -> tuple[int, str]:
        def under_load(row: Row, *_: object, **__: object) -> dict[str, list[Sample]]:
            return measured(ours if row is ROWS[1] else 100, **others)

        monkeypatch.setattr(bench.__main__, "_read", lambda: before)
        monkeypatch.setattr(bench.__main__, "_prepare", lambda: None)
        monkeypatch.setattr(guard, "under_load", under_load)
        ran = CliRunner().invoke(bench.__main__.main, ["short"])
        return ran.exit_code, ran.output

    return short


def test_every_ratio_is_told_with_what_it_was(short: Short) -> None:
    code, said = short(80)
    assert code == 0
    assert "      50  socketserver   0.80  was  1.00  ok\n" in said
    assert "      50  C threads      0.40  was  0.50  ok\n" in said
    assert said.count("  ok\n") == len(ROWS) * 2


def test_a_ratio_that_has_halved_fails_and_one_a_little_over_half_does_not(short: Short) -> None:
    assert short(51)[0] == 0
    code, said = short(49)
    assert code == 1
    assert "      50  socketserver   0.49  was  1.00  HALVED\n" in said
    assert "Error: a ratio has halved" in said


def test_a_peer_that_answered_nothing_is_no_fault_of_ours(short: Short) -> None:
    code, said = short(100, socketserver=0)
    assert code == 0
    assert "      50  socketserver    nan  was  1.00  ok\n" in said


def test_clients_that_were_let_down_are_counted(short: Short) -> None:
    code, said = short(100, errors=1)
    assert code == 0
    assert "let its clients down 15 times" in said


def test_without_figures_it_says_how_to_get_them(short: Short) -> None:
    code, said = short(100, before={"work": {}})
    assert code == 1
    assert "run `make bench` first" in said
