"""Makes the watched server's texts safe to print: a terminal obeys control characters."""


def printable(text: str) -> str:
    """The text with everything unprintable escaped, including half a character (a surrogate)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
