"""The short benchmark of CI: it fails where the server is slow beside its peers, and only there."""

from dataclasses import asdict

import pytest
from click.testing import CliRunner

import bench.__main__
from bench import guard
from bench.load import Sample
from bench.rounds import ROWS, Row


def samples(rate: int, errors: int = 0) -> list[Sample]:
    return 3 * [Sample(rate, 1.0, errors, 1, 1, 1, 1, 1, 1, 0.5, 1, 0.5)]


def measured(ours: int, errors: int = 0) -> dict[str, list[Sample]]:
    return {
        "thread": samples(ours, errors),
        "socketserver": samples(100),
        "C threads": samples(200),
    }


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server once had as many messages a second as socketserver, in every row."""
    rows = {
        row.name: {name: [asdict(one) for one in ran] for name, ran in measured(100).items()}
        for row in ROWS
    }
    monkeypatch.setattr(bench.__main__, "_read", lambda: {"pinned": rows})
    monkeypatch.setattr("bench.network.enter", lambda: None)
    monkeypatch.setattr(bench.__main__, "compile_programs", lambda: None)


def short(monkeypatch: pytest.MonkeyPatch, ours: int, errors: int = 0) -> tuple[int, str]:
    """The exit code of `python -m bench short`, and what it says."""

    def under_load(row: Row, *_: object, **__: object) -> dict[str, list[Sample]]:
        return measured(ours if row is ROWS[1] else 100, errors)

    monkeypatch.setattr(guard, "under_load", under_load)
    ran = CliRunner().invoke(bench.__main__.main, ["short"])
    return ran.exit_code, ran.output


def test_every_ratio_is_told_with_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = short(monkeypatch, ours=80)
    assert code == 0
    assert "      50  socketserver   0.80  was  1.00  ok\n" in said
    assert "      50  C threads      0.40  was  0.50  ok\n" in said
    assert said.count("  ok\n") == len(ROWS) * 2


def test_a_ratio_that_is_a_little_over_half_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert short(monkeypatch, ours=51)[0] == 0


def test_a_ratio_that_has_halved_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = short(monkeypatch, ours=49)
    assert code == 1
    assert "      50  socketserver   0.49  was  1.00  HALVED\n" in said
    assert "Error: a ratio has halved" in said


def test_a_peer_that_answered_nothing_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def under_load(*_: object, **__: object) -> dict[str, list[Sample]]:
        return measured(100) | {"socketserver": samples(0)}

    monkeypatch.setattr(guard, "under_load", under_load)
    ran = CliRunner().invoke(bench.__main__.main, ["short"])
    assert ran.exit_code == 0
    assert "      50  socketserver    nan  was  1.00  ok\n" in ran.output


def test_clients_that_were_let_down_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = short(monkeypatch, ours=100, errors=1)
    assert code == 0
    assert "let its clients down 15 times" in said


def test_without_figures_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.__main__, "_read", lambda: {"work": {}})
    code, said = short(monkeypatch, ours=100)
    assert code == 1
    assert "run `make bench` first" in said
