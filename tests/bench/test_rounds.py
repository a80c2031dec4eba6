"""What is compared was measured in turn."""

from functools import partial

from bench.rounds import in_turn, ratios


def test_all_are_measured_in_each_round_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        return len(order)

    names = ("a", "b", "c")
    measured = in_turn("a test", {name: partial(measure, name) for name in names}, 4)
    assert "".join(order) == "abcbcacababc"
    assert measured == {"a": [1, 6, 8, 10], "b": [2, 4, 9, 11], "c": [3, 5, 7, 12]}


def test_ratios_are_of_the_same_round() -> None:
    assert ratios([1.0, 6.0], [2.0, 3.0]) == [0.5, 2.0]
