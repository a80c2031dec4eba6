"""A task for each client, with trio."""

import sys
from contextlib import suppress
from functools import partial

import trio
from dialect import BACKLOG, answers, greeting, reply

NAME = "trio"
OK = reply(NAME)


async def serve(stream: trio.SocketStream) -> None:
    """One conversation, in its own task; serve_tcp closes the stream."""
    rest = b""
    with suppress(trio.BrokenResourceError):
        await stream.send_all(greeting(NAME))
        async for chunk in stream:
            said, left = answers(OK, rest + chunk)
            await stream.send_all(b"".join(said))
            if left is None:
                break
            rest = left


if __name__ == "__main__":
    port = int(sys.argv[1])
    trio.run(partial(trio.serve_tcp, serve, port, host="127.0.0.1", backlog=BACKLOG))
