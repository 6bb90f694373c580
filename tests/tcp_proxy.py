"""A proxy on a loopback socket that does to the bytes between two what bad networks do.

It stands before any server, a real one too, and knows nothing of HTTP: whatever is counted are
bytes from the server to its client, heads included. One set of toxics for each connection, and the
last one again for those that follow.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from select import select
from urllib.parse import urlsplit

MOST = 65_536  # bytes read at once


@dataclass(frozen=True)
class Toxics:
    """What is done to one connection; where several end it, the nearest does.

    Attributes:
        latency: Seconds that whatever the server sends is late.
        slices: Bytes in a packet at most.
        limit: Bytes until the connection is closed.
        reset: Bytes until it is reset.
        stall: Bytes until nothing comes any more, while the connection stays.
    """

    latency: float = 0
    slices: int = MOST
    limit: int | None = None
    reset: int | None = None
    stall: int | None = None

    @property
    def most(self) -> int | None:
        """How many bytes get through."""
        ends = (self.limit, self.reset, self.stall)
        return min((end for end in ends if end is not None), default=None)


NOTHING = Toxics()


class Connection:
    """One client, and its connection to the server.

    Attributes:
        passed: How many bytes the client was sent.
    """

    def __init__(self, toxics: Toxics, client: socket.socket) -> None:
        self._toxics, self._client = toxics, client
        self.passed = 0
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self, address: tuple[str, int]) -> None:
        """Connect to the server, and go on until either side leaves.

        One thread for both ways: a socket that another thread reads from cannot be reset.
        """
        with suppress(OSError), self._client, socket.create_connection(address) as server:
            while not self._is_over:
                for ready in select(self._heard(server), [], [])[0]:
                    if not (data := ready.recv(MOST)):
                        return
                    if ready is server:
                        self._pass_on(data)
                    else:
                        server.sendall(data)
            if self.passed == self._toxics.reset:
                no_farewell = struct.pack("ii", 1, 0)
                self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_farewell)

    @property
    def _is_over(self) -> bool:
        return self.passed in (self._toxics.limit, self._toxics.reset)

    def _heard(self, server: socket.socket) -> list[socket.socket]:
        """Whom to listen to: while it stalls, only to a client that may leave."""
        stalls = self.passed == self._toxics.stall
        return [self._client] if stalls else [self._client, server]

    def _pass_on(self, data: bytes) -> None:
        time.sleep(self._toxics.latency)
        if self._toxics.most is not None:
            data = data[: self._toxics.most - self.passed]
        for at in range(0, len(data), self._toxics.slices):
            piece = data[at : at + self._toxics.slices]
            self.passed += len(piece)  # before it is sent: who has read it finds it counted
            self._client.sendall(piece)


class Proxy:
    """Listens on a free port of 127.0.0.1, and connects to a server for each that comes.

    Attributes:
        url: The server's, by way of here.
        connections: In the order in which they came.
    """

    def __init__(self, url: str, *toxics: Toxics) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._toxics = list(toxics) or [NOTHING]
        parts = urlsplit(url)
        self._server = parts.hostname, parts.port
        here = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = parts._replace(netloc=here).geturl()
        self.connections: list[Connection] = []
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def passed(self) -> int:
        """How many bytes all clients were sent."""
        return sum(connection.passed for connection in self.connections)

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                toxics = self._toxics.pop(0) if len(self._toxics) > 1 else self._toxics[0]
                connection = Connection(toxics, client)
                self.connections.append(connection)
                run = threading.Thread(target=connection.run, args=(self._server,), daemon=True)
                run.start()

    def close(self) -> None:
        self._listener.close()


@contextmanager
def proxied(url: str, *toxics: Toxics) -> Iterator[Proxy]:
    proxy = Proxy(url, *toxics)
    try:
        yield proxy
    finally:
        proxy.close()
