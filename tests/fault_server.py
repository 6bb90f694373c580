"""A server on a loopback socket that answers by a script, faults included, and sees who leaves.

Mocks of HTTP clients hold a whole body back and know no time limits: they can prove nothing about
streams. Here every byte, pause and reset is a step of a script; one script for each connection, and
the last one again for those that follow.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LONGEST = 20  # seconds until a script gives up on a client that stays

Step = bytes | Callable[["Connection"], None]


class Connection:
    """One client: what it asked, and the socket to answer it by."""

    def __init__(self, server: Server, client: socket.socket) -> None:
        self.server, self.client = server, client
        client.settimeout(LONGEST)

    def request(self) -> bytes:
        """The head and the body of what is asked."""
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += self._more()
        head, _, body = asked.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(body) < length:
            body += self._more()
        return head + b"\r\n\r\n" + body

    def _more(self) -> bytes:
        if not (more := self.client.recv(65_536)):
            raise ConnectionError("the client left")
        return more


class Server:
    """Listens on a free port of 127.0.0.1.

    Attributes:
        url: Where it listens.
        requests: What was asked, in order.
        left: Set when a client has gone before its script was over.
    """

    def __init__(self, *scripts: list[Step]) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/chat/completions"
        self.requests: list[bytes] = []
        self.left = threading.Event()
        self.over = threading.Event()
        self._serving: list[threading.Thread] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            thread = threading.Thread(target=self._serve, args=(client, script), daemon=True)
            self._serving.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, script: list[Step]) -> None:
        connection = Connection(self, client)
        with client:
            try:
                self.requests.append(connection.request())
                for step in script:
                    if isinstance(step, bytes):
                        client.sendall(step)
                    else:
                        step(connection)
            except OSError:
                self.left.set()

    def is_idle(self, seconds: float = LONGEST) -> bool:
        """Whether each connection is over, or is so in time."""
        until = time.monotonic() + seconds
        for thread in list(self._serving):
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._serving)

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):  # a thread that waits for the next client does not see it closed
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def serving(*scripts: list[Step]) -> Iterator[Server]:
    server = Server(*scripts)
    try:
        yield server
    finally:
        server.close()


# -- Steps -----------------------------------------------------------------------------------------


def head(status: str = "200 OK", kind: str = "text/event-stream", **headers: str) -> bytes:
    """The head of an answer, `content_length` or `transfer_encoding` among its headers."""
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else [])]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


CHUNKED = head(transfer_encoding="chunked")
UNTIL_CLOSE = head(connection="close")
LAST = b"0\r\n\r\n"  # a body's last chunk


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunks(*pieces: bytes) -> list[Step]:
    return [chunk(piece) for piece in pieces]


def whole(body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str):
    return [head(status, kind, content_length=str(len(body)), **headers) + body]


def drip(data: bytes) -> Step:
    """One byte at a time, each in a packet of its own."""

    def step(connection: Connection) -> None:
        connection.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            connection.client.sendall(data[at : at + 1])

    return step


def reset(connection: Connection) -> None:
    """An RST instead of a FIN."""
    connection.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.client.close()


def half_close(connection: Connection) -> None:
    """No more from here, though the connection stays."""
    connection.client.shutdown(socket.SHUT_WR)
    stall(connection)


def cut(connection: Connection) -> None:
    """No more from here; the socket stays until the client lets go of it, too."""
    connection.client.shutdown(socket.SHUT_WR)
    while connection.client.recv(65_536):
        pass


def stall(connection: Connection) -> None:
    """Nothing, until the client has gone."""
    while connection.client.recv(65_536):
        pass
    raise ConnectionError("the client left")


def for_ever(data: bytes, pause: float = 0.01) -> Step:
    """The same again and again, until the client has gone."""

    def step(connection: Connection) -> None:
        while not connection.server.over.wait(pause):
            connection.client.sendall(data)

    step.waits = True
    return step


# -- What chat completions look like ---------------------------------------------------------------


def event(message: object) -> bytes:
    data = message if isinstance(message, str) else json.dumps(message)
    return f"data: {data}\n\n".encode()


def says(text: str, finish: str | None = None, **members: object) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice], **members})


DONE = event("[DONE]")
HEARTBEAT = b": PROCESSING\n\n"
ANSWER = '{"title": "Owls", "rows": [1, 2]}'
"""What a whole answer comes to."""


def answer(*sizes: int) -> list[bytes]:
    """The events of a whole answer, cut into texts of these sizes."""
    texts, at = [], 0
    for size in sizes or (10, 10, 10):
        texts.append(ANSWER[at : at + size])
        at += size
    return [*map(says, [*texts, ANSWER[at:]]), says("", "stop"), DONE]
