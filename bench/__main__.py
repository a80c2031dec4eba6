"""`python -m bench`: measure; write docs/performance.md, docs/threads.md and their pictures.

Exit codes: 0 done; 1 something could not be measured, or (`short`) a ratio has halved; 2 usage.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import charts, guard, machine, network, page
from bench.chapters import CHAPTERS, Effort, Figures
from bench.contenders import allow_descriptors
from bench.load import compile_programs

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "performance.json"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure the server beside its peers, in a network of its own."""
    network.enter()
    allow_descriptors()
    compile_programs()


@main.command()
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=1.0, show_default=True)
@click.option("--chapter", "chapters", multiple=True, type=click.Choice(list(CHAPTERS)))
def full(rounds: int, seconds: float, chapters: tuple[str, ...]) -> None:
    """Measure all chapters, or only some, and write the pages anew."""
    figures = _read() if FIGURES.exists() else {}
    for name in chapters or CHAPTERS:
        click.echo(f"{datetime.now(UTC):%H:%M:%S} {name}", err=True)
        figures[name] = CHAPTERS[name](Effort(rounds, seconds))
        figures["machine"] = machine.describe() | {"date": f"{datetime.now(UTC):%Y-%m-%d}"}
        _write(figures)


@main.command()
def pages() -> None:
    """Write the pages anew from the figures that there are."""
    _write(_read())


@main.command()
def short() -> None:
    """Measure for two minutes whether the server is as fast beside its peers as it was."""
    comparisons, errors = guard.compare(_read())
    click.echo("messages a second of ours over theirs, one core for each server\n")
    for comparison in comparisons:
        click.echo(comparison)
    if errors:
        raise click.ClickException(f"the server let its clients down {errors} times.")
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
