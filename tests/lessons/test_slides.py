"""The talk: twenty minutes of slides, from the lessons' text and pictures, in one page."""

import re
import sys

import pytest

from lessons.lesson import FOLDER, Malformed
from lessons.slides import deck
from lessons.slides.deck import Slide, page, slides
from tests.kit.command import well

TALK = slides((deck.FOLDER / "talk.md").read_text(encoding="utf-8"))


def test_the_talk_takes_twenty_minutes() -> None:
    assert sum(slide.minutes for slide in TALK) == 20


def test_a_slide_takes_questions_answers_and_commands_from_the_lessons() -> None:
    text = """\
# One

<!-- lesson 7: #2 $ python3 docs/lessons/programs/ask.py -->

<!-- 1.5 min: Say *this*. -->

---

<!-- lesson 7: answers -->
<!-- 2 min:  -->
"""
    one, two = slides(text)
    lesson = next(FOLDER.glob("7-*.md")).read_text(encoding="utf-8")
    answers = re.findall(r"^\d\. After .*", lesson, re.MULTILINE)
    assert two == Slide("\n".join(answers), 2, "")
    assert one.text.startswith("# One\n\n```console\n$ python3 docs/lessons/programs/ask.py $(")
    assert one.text.count("replied after") == 4
    assert (one.minutes, one.note) == (1.5, "Say *this*.")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("# One", "how long this slide takes"),
        ("<!-- lesson 7: $ python3 docs -->\n<!-- 1 min: -->", "5 commands that begin with"),
    ],
)
def test_a_wrong_slide_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(Malformed, match=wrong):
        slides(text)


def test_the_page_needs_nothing_else_and_contains_its_pictures() -> None:
    html = well(sys.executable, "-m", "lessons.slides").removesuffix("\n")
    assert html == page(TALK)
    assert html.count("<img") == html.count('src="data:image/svg+xml;base64,') == 3
    assert re.findall(r"""(?:src|href)=["'](?!data:)|url\(|@import""", html) == []
    assert "<!-- lesson" not in html
