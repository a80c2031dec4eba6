"""Wrong, in `lines`: if messages arrive together, it answers the refused ones first."""

from lines_server import Conversation, serve


class ErrorsFirst(Conversation):
    """Sorts in reverse, because "-ERR" comes after "+OK" in ASCII."""

    def send(self, answers: list[str]) -> None:
        super().send(sorted(answers, reverse=True))


serve(ErrorsFirst)
