"""The ways to open a stream: httpx and httpx2, without and with await, under asyncio and trio."""

from __future__ import annotations

import ssl

import anyio
import httpx
import httpx2

from partialjson import aopen_stream, open_stream

UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # else each client makes its own, which takes long


class Plain:
    """Without await."""

    def __init__(self, library):
        self.library = library

    def run(self, url, read, **options):
        """The stream, each of whose events was read, and the error that ended it, if one did."""
        with self.library.Client(verify=UNUSED) as client:
            opened = open_stream(client, "POST", url, **options)
            try:
                with opened as flow:
                    for one in flow:
                        read(one, flow)
            except Exception as error:  # noqa: BLE001 - it is looked at
                return opened, error
        return opened, None


class Awaiting:
    """With await, on either loop."""

    def __init__(self, library, loop):
        self.library, self.loop = library, loop

    def run(self, url, read, **options):
        """The same."""

        async def main():
            async with self.library.AsyncClient(verify=UNUSED) as client:
                opened = aopen_stream(client, "POST", url, **options)
                try:
                    async with opened as flow:
                        async for one in flow:
                            read(one, flow)
                except Exception as error:  # noqa: BLE001 - it is looked at
                    return opened, error
            return opened, None

        return anyio.run(main, backend=self.loop)


WAYS = {
    "httpx": Plain(httpx),
    "httpx2": Plain(httpx2),
    "httpx, asyncio": Awaiting(httpx, "asyncio"),
    "httpx, trio": Awaiting(httpx, "trio"),
    "httpx2, asyncio": Awaiting(httpx2, "asyncio"),
    "httpx2, trio": Awaiting(httpx2, "trio"),
}
SOME = ("httpx", "httpx2, asyncio", "httpx2, trio")  # the others take their time (nox -s soak)


def nothing(*_):
    pass
