"""Texts of the watched server, safe to print: a terminal obeys control characters."""


def printable(text: str) -> str:
    """The same, but what cannot be printed is escaped; half a character (a surrogate) too."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
