"""A program: HTTP/2 over TLS on a free loopback port, which is its first line of output.

It answers with a whole stream; below `/stall` with the beginning of one, until the client has gone.
"""

from __future__ import annotations

import asyncio
import sys

from fault_server import answer
from hypercorn.asyncio import serve
from hypercorn.config import Config


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    kind = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    stalls = scope["path"] == "/stall"
    for event in answer()[:2] if stalls else answer()[:-1]:
        await send({"type": "http.response.body", "body": event, "more_body": True})
    while stalls and (await receive())["type"] != "http.disconnect":
        pass
    await send({"type": "http.response.body", "body": b"" if stalls else answer()[-1]})


def main(certificate, key):
    config = Config()
    config.bind, config.certfile, config.keyfile = ["localhost:0"], certificate, key
    config.alpn_protocols = ["h2", "http/1.1"]
    sockets = config.create_sockets()
    config.create_sockets = lambda: sockets
    print(sockets.secure_sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its only output
    asyncio.run(serve(application, config))


if __name__ == "__main__":
    main(*sys.argv[1:])
