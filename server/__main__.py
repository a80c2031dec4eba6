"""`python -m server`: runs the command, or explains in one line why this system cannot."""

import sys

POSIX = {"fcntl", "resource", "termios"}  # modules that Windows does not have

try:
    from server.command import main
except ModuleNotFoundError as missing:
    if missing.name not in POSIX:
        raise
    sys.exit(
        f"Error: Not on this system: it has no module `{missing.name}`. The server works in WSL, "
        "and in a container; `python -m client` and `python -m lanes check` work here too."
    )

if __name__ == "__main__":
    main(prog_name="python -m server")
