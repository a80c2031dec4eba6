"""Escapes texts from the watched server, because a terminal obeys control characters."""


def printable(text: str) -> str:
    """Return the text with unprintable characters escaped, including lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
