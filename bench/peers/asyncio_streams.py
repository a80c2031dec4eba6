"""A coroutine for each client, with asyncio's streams."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

from dialect import BACKLOG, MAX_LINE, TOO_LONG, answer, greeting, reply, whole

NAME = "asyncio"
OK = reply(NAME)


async def serve(reader: StreamReader, writer: StreamWriter) -> None:
    """One conversation."""
    with suppress(ConnectionError):
        writer.write(greeting(NAME))
        try:
            while whole(line := await reader.readline()):
                writer.write(answer(OK, line))
                await writer.drain()
        except ValueError:  # from `whole`, or from `readline` beyond its limit
            writer.write(TOO_LONG)
    writer.close()


async def main(port: int) -> None:
    """Serve all clients."""
    limit = MAX_LINE + len("\r")  # readline does not count the LF
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=limit, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
