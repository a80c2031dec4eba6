"""A `docker` that starts nothing: a submission's server.py is its scorecard, or its crash.

`FAKE` is its folder. It appends each of its commands to the file `told` there, one per line. As
long as a file `hold` exists, checks of a submission that begins with HOLD do not end, nor do
builds of one that begins with BROKEN hold. If a submission is BROKEN and a command, that command
fails. The file `user` names the user of every image. If a file `empty` exists, there is no image.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

FAKE = Path(os.environ["FAKE"])
CRASH, HOLD, BROKEN = "CRASH ", "HOLD ", "BROKEN "
MAIN = "sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('lanes', run_name='__main__')"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def wait(is_held: bool) -> None:  # noqa: FBT001 - as short as it is
    while is_held and (FAKE / "hold").exists():
        time.sleep(0.01)


def main() -> int:
    words = sys.argv[1:]
    with (FAKE / "told").open("a") as told:
        told.write(f"{' '.join(words)}\n")
    image = FAKE / os.environ.get("SUBMISSION_IMAGE", "none").replace(":", "-")
    text = image.read_text() if image.exists() else ""
    if words[0] == "build":
        text = built = Path(words[-1], "server.py").read_text()
        wait(text.startswith(f"{BROKEN}hold"))
        (FAKE / words[words.index("--tag") + 1].replace(":", "-")).write_text(built)
    if text.startswith(BROKEN) and text.removeprefix(BROKEN) in words:
        sys.stderr.write("much\nno such thing\n")
        return 1
    if words[:2] == ["image", "inspect"]:
        say((FAKE / "user").read_text() if (FAKE / "user").exists() else "")
        return (FAKE / "empty").exists()
    if words[0] == "compose" and "run" in words:
        (FAKE / "checks").mkdir(exist_ok=True)
        mine = FAKE / "checks" / str(os.getpid())
        mine.touch()
        wait(text.startswith(HOLD))
        mine.unlink()
        say(text.removeprefix(HOLD) * (not text.startswith(CRASH)))
    elif words[0] == "compose" and "ps" in words:
        say(image.name)
    elif words[0] == "logs":
        say((FAKE / words[-1]).read_text().removeprefix(CRASH))
    elif words[0] == "inspect":
        text = (FAKE / words[-1]).read_text()
        running = not text.startswith(CRASH)
        say(
            ""
            if text == f"{BROKEN}inspect"
            else json.dumps({"Running": running, "OOMKilled": False})
        )
    elif words[0] == "exec":
        python = [sys.executable, "-c", f"import runpy, sys; {MAIN}", os.environ["ROOT"]]
        # In a container port 2022 is free; on this machine a demo may listen there.
        asked = (word.replace(":2022", ":1") for word in words[words.index("lanes") + 1 :])
        return subprocess.run([*python, *asked], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
