"""One thread for all clients, by asyncio."""

import asyncio
import contextlib
import sys

from answering import ids, work


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            await asyncio.sleep(work(line.decode()))
            writer.write(ids())
            await writer.drain()
    writer.close()


async def serve() -> None:
    # A crowd comes at once, and a client that finds the backlog full tries again after a second.
    port, backlog = int(sys.argv[1]), 4096
    server = await asyncio.start_server(converse, "127.0.0.1", port, backlog=backlog)
    async with server:
        await server.serve_forever()


asyncio.run(serve())
