"""Draws the charts of docs/performance.md and docs/threads.md.

The background is white, so they look the same on a light and a dark page. Everybody can tell the
colours apart (M. Okabe and K. Ito). The same figures give the same bytes.
"""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bench.cells import crowd, number
from bench.figures import (
    Figures,
    Measured,
    NotMeasuredError,
    at,
    compared,
    latencies,
    rates,
    sampled,
)
from bench.rounds import middle

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"
PLACES = {"unpinned": "on any core", "pinned": "the server on one core"}
SERIES = ((BLUE, "o"), (ORANGE, "D"))  # colour and marker
QUANTILES = {"p50": ("p50", "o"), "p99": ("p99", "s"), "p999": ("p99.9", "D")}
COSTS = {"start": "start, ms", "join": "join, ms", "memory": "memory, KiB"}
STEPS: dict[int, tuple[int, ...]] = {2: (1, 2, 5), 3: (1, 3)}  # ticks, if fewer decades than this
CROWD = "500"  # clients in the chart of latencies
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "thread-lanes",  # otherwise the ids are random
    "svg.fonttype": "none",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "ytick.left": False,
}

Panels = tuple[Figure, list[Axes]]


def draw(figures: Figures, folder: Path) -> None:
    """Draw the charts whose chapters have been measured."""
    known = sampled(figures)
    for name, picture in PICTURES.items():
        with contextlib.suppress(NotMeasuredError), mpl.rc_context(STYLE):
            picture(known).savefig(folder / name, metadata={"Date": None})


def draw_ratios(figures: Figures) -> Figure:
    """Draw a panel for each row: our rate over each peer's, with a mark for each place."""
    chapters: list[Mapping[str, Measured]] = [at(figures, where) for where in PLACES]
    peers = [name for name in next(iter(chapters[0].values())) if name != "thread"]
    lines = -(-len(chapters[0]) // 3)
    figure, panels = _panels(lines, 3, 1 + 2.9 * lines)
    for panel, row in zip(panels, chapters[0], strict=False):
        panel.set_title(crowd(row))
        panel.axvline(1, color="black", linewidth=1)
        panel.tick_params(labelbottom=True)
        for nth, (chapter, (color, shape)) in enumerate(zip(chapters, SERIES, strict=True)):
            for peer, place in zip(peers, _places(peers, nth, 0.36), strict=True):
                one = compared(rates(chapter[row]["thread"]), rates(chapter[row][peer]))
                if one:
                    panel.plot([one.least, one.most], [place, place], color, linewidth=3, alpha=0.4)
                    panel.plot([one.middle], [place], shape, color=color, markersize=5)
    _log(panels[0])
    _name(panels[0], peers)
    for unused in panels[len(chapters[0]) :]:
        unused.remove()
    figure.supxlabel("messages a second: thread ÷ the other (log scale)", fontsize="medium")
    marks = zip(PLACES.values(), SERIES, strict=True)
    _legend(figure, [_mark(label, *one) for label, one in marks])
    return figure


def draw_latencies(figures: Figures) -> Figure:
    """Draw each contender's latencies from p50 to p99.9, under the same load."""
    measured: Measured = at(figures, "pinned", CROWD)
    figure, (panel,) = _panels(1, 1, 4.2)
    for place, (name, samples) in enumerate(measured.items()):
        color = BLUE if name == "thread" else GREY
        known = {one: middle(latencies(samples, one) or [0.0]) for one in QUANTILES}
        panel.plot(list(known.values()), [place] * len(known), color)
        for one, (_, shape) in QUANTILES.items():
            panel.plot([known[one]], [place], shape, color=color)
    _log(panel)
    _name(panel, list(measured))
    panel.set_xlabel(f"time from a message to its reply with {crowd(CROWD)}, ms (log scale)")
    _legend(figure, [_mark(label, GREY, shape) for label, shape in QUANTILES.values()])
    return figure


def draw_starting(figures: Figures) -> Figure:
    """Draw a panel for each cost of a thread, a forked process and a spawned one."""
    chapter: Mapping[str, Mapping[str, list[dict[str, float]]]] = at(figures, "starting")
    kinds = list(next(iter(chapter.values())))
    figure, panels = _panels(1, len(COSTS), 2.4, alike=False)
    for panel, (cost, label) in zip(panels, COSTS.items(), strict=True):
        for nth, (of, (color, shape)) in enumerate(zip(chapter.values(), SERIES, strict=True)):
            middles = [middle([one[cost] for one in of[kind]]) for kind in kinds]
            panel.plot(middles, _places(kinds, nth, 0.3), shape, color=color)
        panel.set_xlabel(f"{label} for each (log)")
        _log(panel)
    _name(panels[0], kinds)
    labels = [f"{int(count):,} of them" for count in chapter]
    _legend(figure, [_mark(label, *one) for label, one in zip(labels, SERIES, strict=True)])
    return figure


def draw_work(figures: Figures) -> Figure:
    """Draw a panel for each kind of work: each model's visits, on one core and on all."""
    chapter: Mapping[str, Mapping[str, Measured]] = at(figures, "work")
    works = next(iter(chapter.values()))
    figure, panels = _panels(1, len(works), 3.2)
    for panel, doing in zip(panels, works, strict=True):
        panel.set_title(f"--work {doing}")
        panel.set_xlabel("visits a second")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        for nth, (where, (color, _)) in enumerate(zip(chapter, SERIES, strict=True)):
            heights = [middle(rates(samples)) for samples in chapter[where][doing].values()]
            panel.barh(_places(heights, nth, 0.4), heights, height=0.36, color=color)
    _name(panels[0], list(next(iter(works.values()))))
    _legend(
        figure,
        [_mark(where, color, "s") for where, (color, _) in zip(chapter, SERIES, strict=True)],
    )
    return figure


def _panels(lines: int, columns: int, height: float, *, alike: bool = True) -> Panels:
    figure = Figure(figsize=(10, height), layout="constrained", facecolor="white")
    panels = figure.subplots(lines, columns, sharex=alike, sharey=True, squeeze=False)
    return figure, list(panels.flat)


def _places(named: Sequence[object], nth: int, apart: float) -> list[float]:
    """Return each name's vertical position for series 0 or 1 of two."""
    return [place + apart * (nth - 0.5) for place in range(len(named))]


def _name(panel: Axes, names: Sequence[str]) -> None:
    """Label the rows from top to bottom."""
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.4, -0.6)


def _log(panel: Axes) -> None:
    panel.set_xscale("log")
    least, most = panel.get_xlim()
    decades = math.log10(most / least)
    steps = next((steps for room, steps in STEPS.items() if decades < room), (1,))
    panel.xaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 1)))
    panel.xaxis.set_minor_locator(NullLocator())


def _mark(label: str, color: str, shape: str) -> Line2D:
    return Line2D([], [], color=color, marker=shape, linestyle="", label=label)


def _legend(figure: Figure, marks: Sequence[Artist]) -> None:
    figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), frameon=False)


PICTURES: Mapping[str, Callable[[Figures], Figure]] = {
    "performance-ratios.svg": draw_ratios,
    "performance-latency.svg": draw_latencies,
    "performance-starting.svg": draw_starting,
    "performance-work.svg": draw_work,
}
