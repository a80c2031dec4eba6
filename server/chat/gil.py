"""The GIL: CPython's lock that lets only one thread at a time run Python code.

A free-threaded build (`python3.13t` and later) runs without it until it imports a C module that
does not declare that it can do so too. Then the GIL is on for good, and CPython warns.
"""

import re
import sys

NEEDED = re.compile(r"The global interpreter lock .* has been enabled to load module '([^']+)'")


def is_on() -> bool:
    """Return whether the GIL is on."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())  # before 3.13, always on


def switched_on_for() -> list[str]:
    """Return the modules that CPython warned about; the importing modules record the warnings."""
    spaces = [getattr(module, "__dict__", {}) for module in [*sys.modules.values()]]
    warned = [key for space in spaces for key in space.get("__warningregistry__", ())]
    texts = [str(key[0]) for key in warned if key != "version"]
    return sorted(found[1] for found in map(NEEDED.match, texts) if found)
