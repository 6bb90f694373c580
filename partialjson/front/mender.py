"""The everyday flaws of JSON that models write, mended, and each repair reported.

What flows in is a JSON text with flaws, cut anywhere; what flows out is the same text with those
mended whose meaning is beyond doubt. What else is wrong passes, and is the parser's to report.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring_ascii as quoted

from partialjson._grammar import WS, matcher
from partialjson._unbroken import Unbroken
from partialjson.events import event

from ._text import admit

__all__ = ["Mender", "Repair"]

MARK = re.compile(r'[",TFN]').search  # what needs a look outside of strings
WORDS = {"T": ("True", "true"), "F": ("False", "false"), "N": ("None", "null")}
sound = r'[^"\\\x00-\x1f]*+'
SOUND = matcher(rf'{sound}(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{{4}}){sound})*+')
ESCAPE_SO_FAR = matcher(r"\\(?:u[0-9A-Fa-f]{0,3})?")


@event
class Repair:
    """What was put in the place of a flaw.

    Attributes:
        offset: Where the flaw stands in the text that was fed, in characters from 0.
        found: What stands there.
        mended: What stands in its place now; empty for a comma too many.
    """

    offset: int
    found: str
    mended: str


class Mender(Unbroken):
    r"""Mends what is beyond doubt, and passes all else on; valid JSON passes unchanged.

    * A control character in a string, such as a line end, becomes its escape.
    * The backslash of an escape that JSON does not have is doubled: `App\Http` keeps it. Of `\\'`
      the quotation mark stays.
    * A comma before a closing bracket goes.
    * `True`, `False` and `None` become `true`, `false` and `null`.

    However the text is cut, what comes out joins to the same text. Held back are a comma until
    something follows it, a cut escape and a cut word.

    Attributes:
        repairs: Every repair so far, in order.
    """

    repairs: list[Repair]

    def __init__(self) -> None:
        self.repairs = []
        self._offset = 0  # of what is read next
        self._held = ""  # a cut escape or word
        self._comma: list[str] = []  # a comma, and the blank space behind it
        self._in_string = False
        self._closed = False

    def feed(self, text: str) -> list[str]:
        """Read the next piece of the text, and give what is sound or mended.

        Raises:
            TypeError: The input is no `str`.
            RuntimeError: After `close`.
        """
        admit(text, closed=self._closed)
        with self._reading():
            mended = self._mended(text)
        return [mended] if mended else []

    def close(self) -> list[str]:
        """The text has ended: what was held back, as it came. Again: `[]`."""
        held = "".join(self._comma) + self._held
        self._closed, self._held = True, ""
        self._comma.clear()
        return [held] if held else []

    def _mended(self, text: str) -> str:
        text, self._held = self._held + text, ""
        parts: list[str] = []
        at = 0
        while at < len(text):
            if self._in_string:
                at = self._string(text, at, parts)
            elif self._comma:
                at = self._after_comma(text, at, parts)
            else:
                at = self._between(text, at, parts)
        self._offset += len(text) - len(self._held)
        return "".join(parts)

    # -- steps: each reads on from an index, adds to the parts, and gives the index behind ---------

    def _between(self, text: str, at: int, parts: list[str]) -> int:
        """Between strings, up to the next mark and through it."""
        found = MARK(text, at)
        if found is None:
            parts.append(text[at:])
            return len(text)
        end = found.start()
        parts.append(text[at:end])
        if found[0] in WORDS:
            return self._word(text, end, parts)
        if found[0] == ",":
            self._comma.append(",")
        else:
            parts.append('"')
            self._in_string = True
        return end + 1

    def _word(self, text: str, at: int, parts: list[str]) -> int:
        word, mended = WORDS[text[at]]
        if text.startswith(word, at):
            return self._mend(text, at, at + len(word), mended, parts)
        if word.startswith(text[at:]):
            return self._wait(text, at)
        parts.append(text[at])
        return at + 1

    def _after_comma(self, text: str, at: int, parts: list[str]) -> int:
        """A comma, which what follows makes sound or one too many."""
        end = WS(text, at).end()
        self._comma.append(text[at:end])
        if end == len(text):
            return end
        comma = "".join(self._comma)
        self._comma.clear()
        if text[end] in "]}":
            offset = self._offset + end - len(comma)
            self.repairs.append(Repair(offset, ",", ""))
            comma = comma[1:]
        parts.append(comma)
        return end

    def _string(self, text: str, at: int, parts: list[str]) -> int:
        """Inside a string, up to the next character that is not sound, and through it."""
        end = SOUND(text, at).end()
        parts.append(text[at:end])
        if end == len(text):
            return end
        if text[end] == '"':
            parts.append('"')
            self._in_string = False
            return end + 1
        if text[end] != "\\":
            return self._mend(text, end, end + 1, quoted(text[end])[1:-1], parts)
        if ESCAPE_SO_FAR(text, end).end() == len(text):
            return self._wait(text, end)
        if text[end + 1] == "'":
            return self._mend(text, end, end + 2, "'", parts)
        return self._mend(text, end, end + 1, "\\\\", parts)

    def _mend(self, text: str, start: int, end: int, mended: str, parts: list[str]) -> int:
        self.repairs.append(Repair(self._offset + start, text[start:end], mended))
        parts.append(mended)
        return end

    def _wait(self, text: str, at: int) -> int:
        self._held = text[at:]
        return len(text)
