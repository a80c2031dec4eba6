"""Callbacks for each client, by asyncio's protocols: the least that asyncio can be made to do."""

import asyncio
import sys
from typing import cast

from dialect import BACKLOG, answers, greeting, reply


class Conversation(asyncio.Protocol):
    """One conversation. What a client does not read is kept, however much it is."""

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
    """Serve everybody under this name."""
    create_server = asyncio.get_running_loop().create_server
    server = await create_server(lambda: Conversation(name), "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main("asyncio", int(sys.argv[1])))
