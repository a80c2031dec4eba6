"""The callbacks of asyncio_protocol.py, called by uvloop's event loop."""

import sys

import uvloop
from asyncio_protocol import main

if __name__ == "__main__":
    uvloop.run(main("uvloop", int(sys.argv[1])))
