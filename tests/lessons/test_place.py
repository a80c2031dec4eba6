"""The saved place of a walk."""

from pathlib import Path

import pytest

from lessons import place
from lessons.place import Place


def test_a_save_never_leaves_half_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "FOLDER", tmp_path)
    place.save("3", Place(stops=4, predictions=["nineteen"]))
    with (tmp_path / "3.json").open(encoding="utf-8") as before:
        place.save("3", Place(stops=4, stop=1))  # a terminal may be closed in the middle of it
        assert "nineteen" in before.read()
    assert place.load("3", stops=4) == Place(stops=4, stop=1)
    assert [file.name for file in tmp_path.iterdir()] == ["3.json"]
