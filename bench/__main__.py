"""`python -m bench`: measure; write docs/performance.md, docs/threads.md and their pictures.

Exit codes: 0 done; 1 something could not be measured, or (`short`) a ratio has halved; 2 usage.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import charts, compose, guard, machine, network, page
from bench.chapters import CHAPTERS, OF_THEIR_OWN, Effort, Figures
from bench.contenders import allow_descriptors
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
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=1.0, show_default=True)
@click.option("--chapter", "chapters", multiple=True, type=click.Choice(list(CHAPTERS)))
def full(rounds: int, seconds: float, chapters: tuple[str, ...]) -> None:
    """Measure all chapters, or only some, and write the pages anew."""
    _prepare()
    here = machine.describe()
    none = {"machine": here, "measured": {}}
    figures = _read() if FIGURES.exists() else none
    if figures["machine"] != here and not (chapters and set(chapters) <= OF_THEIR_OWN):
        if chapters:
            raise click.UsageError(
                f"{FIGURES.name} is another machine's: measure every chapter, or move it away."
            )
        figures = none
    for name in chapters or tuple(_possible()):
        click.echo(f"{datetime.now(UTC):%H:%M:%S} {name}", err=True)
        figures[name] = CHAPTERS[name](Effort(rounds, seconds))
        figures["measured"][name] = f"{datetime.now(UTC):%Y-%m-%d}, {rounds} rounds"
        _write(figures)


def _possible() -> Iterator[str]:
    """The chapters that can be measured here; of the others it is said why not."""
    for name in CHAPTERS:
        if name == "compose" and not compose.is_possible():
            click.echo("compose is not measured: there is no Docker here.", err=True)
        elif name == "free-threaded" and "BENCH_PYTHON" not in os.environ:
            click.echo("free-threaded is not measured: BENCH_PYTHON names no CPython.", err=True)
        else:
            if name == "free-threaded":
                machine.free_threaded_python()  # fails now, not when all else is measured
            yield name


@main.command()
def pages() -> None:
    """Write the pages anew from the figures that there are."""
    _write(_read())


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
    """Keep the figures, a line for each chapter, and make the pages of them."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(figures[name])}" for name in figures)
    FIGURES.write_text(f"{{\n{lines}\n}}\n")
    page.write(figures, DOCS)
    charts.draw(figures, DOCS)


if __name__ == "__main__":
    main(prog_name="python -m bench")
