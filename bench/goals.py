"""What was aimed at: how many times the messages of others, from prototypes on another machine.

Those had neither time-outs nor bookkeeping. The page says what was reached, goal by goal.
"""

from collections.abc import Mapping

# By contender; for each of bench.rounds.ROWS, in their order.
GOALS: Mapping[str, tuple[float, ...]] = {
    "C threads": (0.95, 0.88, 0.88, 0.80, 0.85),
    "socketserver": (1.05, 1.2, 1.3, 1.15, 4.5),
    "asyncio streams": (3.0, 2.5, 2.1, 1.5, 15.0),
    "asyncio Protocol": (2.1, 2.5, 1.7, 1.5, 3.2),
    "gevent": (1.1, 1.2, 1.0, 0.95, 1.5),
    "trio": (1.6, 1.8, 1.35, 1.6, 1.9),
}
VISITS: Mapping[str, float] = {"thread": 1.4, "pool": 2.8}  # of socketserver's
