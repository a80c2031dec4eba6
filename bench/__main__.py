"""`python -m bench`: measures, then writes the tables and charts of performance.md and threads.md.

Exit codes: 0 done; 1 something could not be measured, or (`short`) a ratio has halved; 2 usage.
"""

import json
import os
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import before, charts, compose, guard, machine, network, page
from bench.chapters import CHAPTERS, Effort
from bench.contenders import allow_descriptors
from bench.figures import Figures
from bench.load import compile_programs

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "performance.json"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure the server beside its peers, in a network of its own."""


def _prepare() -> None:
    network.enter()
    allow_descriptors()
    compile_programs()


@main.command()
@click.option("--rounds", type=click.IntRange(1), default=7, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=1.0, show_default=True)
@click.option("--chapter", "chapters", multiple=True, type=click.Choice(list(CHAPTERS)))
def full(rounds: int, seconds: float, chapters: tuple[str, ...]) -> None:
    """Measure all chapters, or only some, and rewrite the pages."""
    _prepare()
    before.unpack()
    figures: Figures = _read() if FIGURES.exists() else {"measured": {}}
    for name in chapters or tuple(_possible()):
        click.echo(f"{datetime.now(UTC):%H:%M:%S} {name}", err=True)
        figures[name] = CHAPTERS[name](Effort(rounds, seconds))
        when = f"{datetime.now(UTC):%Y-%m-%d}, {rounds} rounds, commit {machine.commit()}"
        figures["measured"][name] = {"when": when, "machine": machine.describe()}
        _write(figures)


def _possible() -> Iterator[str]:
    """Yield the chapters that can be measured here; print why the others cannot."""
    missing = {
        "compose": "" if compose.is_possible() else "there is no Docker here",
        "pythons": "" if "BENCH_PYTHONS" in os.environ else "BENCH_PYTHONS names no CPython",
        "free-threaded": "" if "BENCH_PYTHON" in os.environ else "BENCH_PYTHON names no CPython",
    }
    if not missing["free-threaded"]:
        machine.free_threaded_python()  # fails now, not after all other chapters
    for name in CHAPTERS:
        if missing.get(name):
            click.echo(f"{name} is not measured: {missing[name]}.", err=True)
        else:
            yield name


@main.command()
def pages() -> None:
    """Rewrite the pages from the figures."""
    _write(_read())


@main.command("compose")
@click.argument(
    "checkouts", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--clients", type=click.IntRange(1), default=50, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
def compare_compose(checkouts: tuple[Path, ...], clients: int, rounds: int) -> None:
    """Time `docker compose up` until the last client has left, in each CHECKOUT in turn."""
    named = {str(one): one.resolve() for one in checkouts or (Path(),)}
    found = compose.measure(named, clients, rounds)
    first = statistics.median(next(iter(found.values())))
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
        click.echo(f"{middle:6.1f} s  ({spread})  {middle / first:5.2f}  {name}")


@main.command()
def short() -> None:
    """Measure for two minutes whether the server is as fast beside its peers as it was."""
    figures = _read()
    if "pinned" not in figures:
        raise click.ClickException("there is nothing to compare with: run `make bench` first.")
    _prepare()
    comparisons, errors = guard.compare(figures)
    click.echo("messages a second of ours over theirs, one core for each server\n")
    for comparison in comparisons:
        click.echo(comparison)
    if errors:
        click.echo(f"\nthe server let its clients down {errors} times: see above", err=True)
    if any(comparison.fallen for comparison in comparisons):
        raise click.ClickException("a ratio has halved: see above, and docs/performance.md.")


def _read() -> Figures:
    if not FIGURES.exists():
        raise click.ClickException(f"there are no figures in {FIGURES}: run `make bench` first.")
    figures: Figures = json.loads(FIGURES.read_text())
    return figures


def _write(figures: Figures) -> None:
    """Save the figures, one line per chapter, and rewrite the pages and charts from them."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(figures[name])}" for name in figures)
    FIGURES.write_text(f"{{\n{lines}\n}}\n")
    page.write(figures, DOCS)
    charts.draw(figures, DOCS)


if __name__ == "__main__":
    main(prog_name="python -m bench")
