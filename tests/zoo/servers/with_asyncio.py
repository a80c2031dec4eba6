"""Right, without threads: asyncio's event loop serves all clients."""

import asyncio
import contextlib
import sys

ANSWER = b"Today we will learn about Multithreading with Socket programming"


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # the client has gone
        while await reader.read(1024):
            writer.write(ANSWER)
            await writer.drain()
    writer.close()


async def serve() -> None:
    server = await asyncio.start_server(converse, "127.0.0.1", int(sys.argv[1]), backlog=128)
    async with server:
        await server.serve_forever()


asyncio.run(serve())
