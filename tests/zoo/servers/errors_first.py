"""Wrong, in `lines`: of messages that came together, the refused ones are answered first."""

from lines_server import Conversation, serve


class ErrorsFirst(Conversation):
    """Sorts: "-ERR" comes after "+OK" in ASCII."""

    def send(self, answers: list[str]) -> None:
        super().send(sorted(answers, reverse=True))


serve(ErrorsFirst)
