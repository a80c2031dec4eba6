"""Callbacks for each client, with asyncio's protocols: the least work that asyncio can do."""

import asyncio
import sys
from typing import cast

from dialect import BACKLOG, answers, greeting, reply


class Conversation(asyncio.Protocol):
    """One conversation. Replies that a client does not read are buffered without limit."""

    def __init__(self, name: str) -> None:
        self._name, self._ok, self._rest = name, reply(name), b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(greeting(self._name))

    def data_received(self, data: bytes) -> None:
        said, rest = answers(self._ok, self._rest + data)
        for one in said:
            self._transport.write(one)
        if rest is None:
            self._transport.close()
        else:
            self._rest = rest


async def main(name: str, port: int) -> None:
    """Serve all clients, under this name."""
    create_server = asyncio.get_running_loop().create_server
    server = await create_server(lambda: Conversation(name), "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main("asyncio", int(sys.argv[1])))
