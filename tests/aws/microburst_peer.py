"""Faults between the SDK and peers: one microburst for each address that it is called with.

Each listens on a free port of 127.0.0.1; the ports are printed on one line, in the addresses' order.
One process for all, because reading the service models takes long. Ends when its standard input
ends, so that it never outlives the test that started it.
"""

import asyncio
import os
import socket
import sys
import threading

from aiohttp import web
from microburst.app import make_app
from microburst.core.pipeline import Microburst


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


async def serve():
    ports = []
    for upstream in sys.argv[1:]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        runner = web.AppRunner(make_app(Microburst(upstream, resign=False)), access_log=None)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        ports.append(str(listener.getsockname()[1]))
    print(*ports, flush=True)
    await asyncio.Event().wait()


def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve())


main()
