"""A server on loopback that says the same scripted bytes to whoever asks.

A script flows in, connections are answered by it step by step. What the bytes mean is not known
here, nor what was asked for: a request is read to its end and forgotten.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from time import sleep
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

__all__ = ["Chunk", "Close", "Reset", "Script", "Send", "Server", "Sleep", "Step"]

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds for a request to come whole; a client that hangs must not hang the table
NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # close sends RST, not FIN


class Send(NamedTuple):
    """Bytes as they are: the head of an answer, or a body with a length."""

    data: bytes


class Chunk(NamedTuple):
    """One chunk of a body with `Transfer-Encoding: chunked`; an empty one ends the body."""

    data: bytes


class Sleep(NamedTuple):
    seconds: float


class Close(NamedTuple):
    """The connection ends in good order. It does so behind the last step as well."""


class Reset(NamedTuple):
    """The connection is torn down, as by a router that lost it."""


Step: TypeAlias = Send | Chunk | Sleep | Close | Reset
Script: TypeAlias = Sequence[Step]


class Server:
    """Serves while its `with` block lasts; `url` is where."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server((HOST, 0))
        self._threads: list[Thread] = []
        self._leaving = False
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._begin(Thread(target=self._accept, daemon=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leaving = True
        socket.create_connection(self._listener.getsockname()).close()  # wakes what accepts
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def _begin(self, thread: Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._leaving:
                connection.close()
                return
            self._begin(Thread(target=self._answer, args=(connection,), daemon=True))

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with connection, suppress(OSError):  # a client may leave at any step
            read_request(connection)
            for step in self._script:
                if not done(step, connection):
                    return


def done(step: Step, connection: socket.socket) -> bool:
    """Do a step; whether the connection goes on."""
    match step:
        case Send(data):
            connection.sendall(data)
        case Chunk(data):
            connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))
        case Sleep(seconds):
            sleep(seconds)
        case Close():
            return False
        case Reset():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            return False
    return True


def read_request(connection: socket.socket) -> None:
    """Read the head and as much of a body as it announces: unread bytes would make close a RST."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += piece_of(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    missing = length_in(head) - len(body)
    while missing > 0:
        missing -= len(piece_of(connection))


def piece_of(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionAbortedError("the client left before its request was whole")
    return piece


def length_in(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
