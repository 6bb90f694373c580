"""Bytes of lines, or of one array, to the text of each line or element.

The bytes flow in, cut anywhere; texts flow out, each as soon as it is whole. Whether they are JSON
is not known here: of an array strings and brackets are told apart, no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, cast

from ._base import BLANK, DEFAULT_LIMIT, Framing

__all__ = ["JSONArrayDecoder", "NDJSONDecoder"]

REST_KEPT = 200  # bytes behind an array: what stands there has no end of its own
RECORD_SEPARATOR = "\x1e"  # RFC 7464

NOT_BLANK = re.compile(rb"[^ \t\n\r]").search
AMONG_ELEMENTS = re.compile(rb'(["\[\]{},])').search
# Possessive: nothing here is ever tried twice, and a way back would be kept for each escape.
characters = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
# Behind the characters of a string stands its end, or what the piece cuts: an escape, or nothing.
IN_STRING = cast(  # it cannot fail: it matches the empty text
    "Callable[[bytes, int], re.Match[bytes]]",
    re.compile(characters + rb'("|\\?)', re.DOTALL).match,
)
# Whole strings are passed in one go: small records take half the time.
between = rb'[^"\[\]{}]*+'
IN_ELEMENT = re.compile(
    between + rb'(?:"' + characters + rb'"' + between + rb')*+(["\[\]{}])', re.DOTALL
).match


class NDJSONDecoder(Framing[str]):
    """Decode newline-delimited JSON: the lines of a body, as text, whether they are JSON or not.

    LF and CRLF end a line, and the end of the body ends the last one. Blank lines are skipped, and
    so are a byte order mark at the start and RFC 7464's record separators before a line; its texts
    of more than one line are not read. What is not UTF-8 becomes U+FFFD. Chunking never shows. The
    work is linear in the bytes, and only the unfinished line is held. `copy`, `deepcopy` and
    `pickle` work at any byte.

    Args:
        max_line: The most bytes before an LF, a CR and separators counted; `None` for no limit.
    """

    def __init__(self, *, max_line: int | None = DEFAULT_LIMIT) -> None:
        super().__init__("max_line", max_line)

    def _read(self, body: bytes, whole: list[str]) -> None:
        start = 0
        while (end := body.find(b"\n", start)) >= 0:
            self._hold(body, start, end, whole)
            self._end(whole)
            start = end + 1
        self._hold(body, start, len(body), whole)

    def _end(self, whole: list[str]) -> None:
        line = self._released().removesuffix("\r").lstrip(RECORD_SEPARATOR)
        if line.strip(BLANK):
            whole.append(line)


class JSONArrayDecoder(Framing[str]):
    """Decode one JSON array that is streamed as one document: the text of each element.

    An object, an array or a string is given at its last byte, a number or a literal at the comma or
    bracket behind it. A document that is no array is its own only element, since errors come bare
    where an array was promised: an object at its last byte, anything else at the end of the body.

    Only strings and brackets are told apart: a wrong element is given as it stands, and nothing is
    given for none between two commas. What is not UTF-8 becomes U+FFFD. Chunking never shows. The
    work is linear in the bytes, and only the unfinished element is held. `copy`, `deepcopy` and
    `pickle` work at any byte.

    Args:
        max_element: The most bytes of one element, from its first byte until it is given; `None`
            for no limit.

    Attributes:
        complete: Whether the bracket came that ends the array.
    """

    def __init__(self, *, max_element: int | None = DEFAULT_LIMIT) -> None:
        super().__init__("max_element", max_element)
        self.complete: bool = False
        self._within: Literal["array", "object", "other", "rest"] | None = None
        self._depth = 0  # of the containers within the element
        self._in_string = False
        self._in_escape = False
        self._rest = bytearray()

    @property
    def rest(self) -> bytes:
        """What stands behind the document's end, without blanks around it: its first 200 bytes."""
        return bytes(self._rest).rstrip(BLANK.encode())

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_rest": self._rest.copy()}

    def _read(self, body: bytes, whole: list[str]) -> None:
        start = 0 if self._within else self._begin(body)
        if self._within in ("array", "object"):
            start = self._scan(body, start, whole)
        if self._within == "rest":
            self._keep_rest(body[start:])
        elif self._within:
            self._hold_element(body, start, len(body), whole)

    def _end(self, whole: list[str]) -> None:
        if self._within == "other":
            self._give(whole)

    def _begin(self, body: bytes) -> int:
        """Tell what the document is by its first byte, and where to read on."""
        first = NOT_BLANK(body)
        if first is None:
            return len(body)
        opening = first[0]
        self._within = "array" if opening == b"[" else "object" if opening == b"{" else "other"
        return first.end() if opening == b"[" else first.start()

    def _scan(self, body: bytes, start: int, whole: list[str]) -> int:
        """Give the elements that end here, and say from where on nothing is held yet."""
        at = start
        while at < len(body):
            if self._in_string:
                at, is_over = self._through_string(body, at)
                end = at if is_over and not self._depth else None
            else:
                mark = (IN_ELEMENT if self._depth else AMONG_ELEMENTS)(body, at)
                if mark is None:
                    break
                at = mark.end()
                end = self._element_end(mark)
            if end is None:
                continue

            self._hold_element(body, start, end, whole)
            self._give(whole)
            start = at
            if self._within == "object" or body[end:at] == b"]":
                self.complete = self._within == "array"
                self._within = "rest"
                break
        return start

    def _through_string(self, body: bytes, at: int) -> tuple[int, bool]:
        """Behind the string's end, or that of `body`, and whether it is the string's."""
        characters = IN_STRING(body, at + self._in_escape)
        self._in_string = characters[1] != b'"'
        self._in_escape = characters[1] == b"\\"
        return characters.end(), not self._in_string

    def _element_end(self, mark: re.Match[bytes]) -> int | None:
        """Where the element ends, if this mark ends it: behind its last byte or before the mark."""
        if mark[1] == b'"':
            self._in_string = True
        elif mark[1] in b"[{":
            self._depth += 1
        elif self._depth:
            self._depth -= 1
            return None if self._depth else mark.end()
        elif mark[1] != b"}":  # which closes nothing here, and is a byte as any other
            return mark.start(1)
        return None

    def _hold_element(self, body: bytes, start: int, end: int, whole: list[str]) -> None:
        if not self._held:
            first = NOT_BLANK(body, start, end)
            start = first.start() if first else end
        self._hold(body, start, end, whole)

    def _give(self, whole: list[str]) -> None:
        element = self._released().rstrip(BLANK)
        if element:
            whole.append(element)

    def _keep_rest(self, body: bytes) -> None:
        if not self._rest:
            body = body.lstrip(BLANK.encode())
        self._rest += body[: REST_KEPT - len(self._rest)]
