"""The feedback for a student: the points, the card, and the last lines that the program printed."""

from grading.book import Weights, points
from grading.outcome import Outcome

END = 40  # lines of a log


def feedback_on(outcome: Outcome, weights: Weights) -> str:
    """Return the text; the log is left out if the card already has it."""
    points_ = f"Points: {points(outcome, weights)}" if outcome.judged else "No points yet"
    if left_out := outcome.left_out:
        points_ += f"\nNot tried, and neither earned nor lost: {' '.join(left_out)}"
    parts = [points_, outcome.shown or f"Your submission {outcome.said.rstrip('.')}."]
    if outcome.log.strip() and (outcome.checked or not outcome.card):
        whose = "its output" if outcome.card else "the log"  # of the engine, or of the program
        parts += [f"Last lines of {whose}:", "\n".join(outcome.log.splitlines()[-END:])]
    return "".join(f"{part.rstrip()}\n\n" for part in parts)[:-1]
