"""The GIL: CPython's lock that lets one thread at a time run Python.

A free-threaded build (`python3.13t` and later) runs without it until a C module is imported that
does not declare that it can too. Then the GIL is on for good, and CPython warns.
"""

import re
import sys

NEEDED = re.compile(r"The global interpreter lock .* has been enabled to load module '([^']+)'")


def is_on() -> bool:
    """Whether threads need it now."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())  # Python 3.13 was the first


def switched_on_for() -> list[str]:
    """The modules that CPython has warned about; it records a warning in the importing module."""
    spaces = [getattr(module, "__dict__", {}) for module in [*sys.modules.values()]]
    warned = [key for space in spaces for key in space.get("__warningregistry__", ())]
    texts = [str(key[0]) for key in warned if key != "version"]
    return sorted(found[1] for found in map(NEEDED.match, texts) if found)
