"""`python -m lessons.slides` prints the talk as one HTML page."""

import click

from lessons.slides.deck import FOLDER, page, slides


def main() -> None:
    """Print the page."""
    click.echo(page(slides((FOLDER / "talk.md").read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
