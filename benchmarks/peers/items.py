"""The elements of a long array, each dropped before the next one: constant memory."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

from partialjson import Fragments

from .run import Contenders, Run

__all__ = ["DROPPED", "ITEMS"]

DROPPED = "Fragments, keep=False"


def fragments() -> Run:
    def run(pieces: Iterable[str]) -> None:
        fragments = Fragments("$[*]", keep=False)
        for piece in pieces:
            for _ in fragments.feed(piece):
                pass
        fragments.close()

    return run


def ijson_items() -> Run:
    ijson = import_module("ijson")
    start = ijson.get_backend("yajl2_c").items_coro

    def run(pieces: Iterable[str]) -> None:
        items = ijson.sendable_list()
        push = start(items, "item", use_float=True)
        for piece in pieces:
            push.send(piece.encode())
            del items[:]
        with suppress(ijson.JSONError):  # the pieces may end before the text does
            push.close()

    return run


ITEMS: Contenders = {DROPPED: fragments, "ijson C items_coro, each dropped": ijson_items}
