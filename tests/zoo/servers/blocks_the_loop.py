"""Wrong: an event loop whose handler blocks, so that all clients wait while one is served."""

import asyncio
import contextlib
import sys
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # the client has gone
        while await reader.read(1024):
            time.sleep(0.2)  # noqa: ASYNC251 - this is the fault
            writer.write(ANSWER)
            await writer.drain()
    writer.close()


async def serve() -> None:
    server = await asyncio.start_server(converse, "127.0.0.1", int(sys.argv[1]), backlog=128)
    async with server:
        await server.serve_forever()


asyncio.run(serve())
