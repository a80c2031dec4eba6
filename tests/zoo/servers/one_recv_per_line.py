"""Wrong, in `lines`: it takes what one `recv` returns for one line."""

from lines_server import ANSWER, Conversation, serve


class Careless(Conversation):
    def converse(self) -> None:
        while self.client.recv(16384):
            self.send([self.reply(ANSWER)])


serve(Careless)
