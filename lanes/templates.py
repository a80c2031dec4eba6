"""Templates that escape whatever comes from outside."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from lanes import marks, notes

# What no XML document may contain, not even escaped (XML 1.0, section 2.2).
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def templates_of(package: str) -> Environment:
    """Return the templates in the package's folder `templates`; they escape every value."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=_legal,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": marks.moment, "said": notes.said}
    return environment


def _legal(value: object) -> object:
    return ILLEGAL.sub("\ufffd", value) if type(value) is str else value
