"""One submission -> its outcome: staged, built, started, checked."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path

from grading.engine import last_line
from grading.handed_in import Submission
from grading.outcome import ABSENT, Outcome, said_of_card
from grading.room import PORT, SERVER, Room
from grading.settings import Settings
from grading.staging import Unusable


class Grader:
    """Grades one submission at a time; other graders may run at the same time."""

    def __init__(self, room: Room, settings: Settings) -> None:
        self.room = room
        self._settings = settings

    def grade(self, submission: Submission, where: str) -> Outcome:
        """Return the outcome of a submission; `where` is its card's path. Raises Stopped."""
        try:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place, "submission")
                folder.mkdir()
                submission.put_into(folder)
                self.room.image.build(folder)
            self.room.start()
        except Unusable as why:
            text, _, log = str(why).partition("\n")
            return Outcome(text, checked=False, log=log)
        try:
            return self._checked(where)
        except (ValueError, LookupError) as error:  # a container has been removed from outside
            said = f"could not be checked: the engine said {error!r}"
            return Outcome(said, checked=False, judged=False)

    def _checked(self, where: str) -> Outcome:
        settings, room = self._settings, self.room
        options = (f"--timeout={settings.timeout:g}", f"--wait={settings.wait:g}")
        printed, why = room.check(*options, f"--protocol={settings.protocol}")
        card, log, state = _whole(printed), room.log(), room.state()
        if card and [one["name"] for one in json.loads(card)["checks"]] != [ABSENT]:
            return self._shown(card, log, said_of_card(card, where), checked=True)
        if not state["Running"]:
            memory = ", out of memory" if state["OOMKilled"] else ""
            said = f"ended at once: {last_line(log)}{memory}"
        elif card:
            said = f"did not start listening on port {PORT} within {settings.wait:g} s"
        else:
            said = f"could not be checked: {why or 'the checker said nothing'}"
            return Outcome(said, checked=False, log=log, judged=False)
        card = room.check_nobody(SERVER, "--printed=-", "--format=json", says=log)
        return self._shown(card, log, said, checked=False)

    def _shown(self, card: str, log: str, said: str, *, checked: bool) -> Outcome:
        """Return an outcome with the card as text and in the requested format."""
        shown = {"json": card} | {
            form: self.room.check_nobody("--card=-", f"--format={form}", says=card)
            for form in {"text", self._settings.form} - {"json"}
        }
        text, told = shown.get("text", ""), shown.get(self._settings.form, "")
        return Outcome(said, checked, card, text, told, log)


def _whole(card: str) -> str:
    """Return the card, or nothing if it is incomplete because the checker was ended."""
    with suppress(ValueError):
        json.loads(card)
        return card
    return ""
