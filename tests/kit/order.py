"""The zoo's tests mostly wait, unit tests mostly compute: mixed, they leave no processor idle."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SPREAD_OVER = 0.7  # of the unit tests: one of the zoo's may take half a minute, so none is last


def mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same tests: all others first, then the zoo's, spread over the unit tests."""
    zoo, unit = _of("zoo", items), _of("unit", items)
    both = {*zoo, *unit}
    others = [one for one in items if one not in both]
    step = int(SPREAD_OVER * len(unit)) // max(len(zoo), 1)
    rest = iter(unit)
    mixture = [one for test in zoo for one in (test, *(next(rest) for _ in range(step)))]
    return [*others, *mixture, *rest]


def _of(folder: str, items: list[pytest.Item]) -> list[pytest.Item]:
    return [one for one in items if one.path.is_relative_to(TESTS / folder)]
