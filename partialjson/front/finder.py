"""The answer of a chat model to the JSON text in it: what stands around it is cut away, and listed.

What flows in is the text of an answer, cut anywhere; what flows out are pieces of JSON texts, each
with its place in the answer. Whether they are valid is the parser's to say: a flaw behind the point
where JSON was found is the JSON's.
"""

from __future__ import annotations

from collections.abc import Callable

from partialjson._grammar import WS, Match
from partialjson._unbroken import Unbroken

from . import _marks as mark
from ._cutter import Cutter, Found
from ._opening import Answer, Opening
from ._text import admit

__all__ = ["JSONFinder"]


class JSONFinder(Cutter, Unbroken):
    """Finds JSON in an answer that may also hold prose, fences and thinking.

    * In a fence with the language `json` all of its content is JSON; in one without a language, or
      with `jsonc` or `json5`, if it begins as JSON does, and else it is prose.
    * An answer whose first character, blank space and thinking aside, is `{` or `[` begins with
      JSON. An answer that is one scalar, and nothing else, is JSON.
    * In prose an object begins at `{}` or `{"name":`, an array where it holds an object or an
      array. An array of atoms is held until the answer ends, and released only if nothing else was
      found: `[1]` is more often a footnote.
    * In a fence of another language and in `<think>…</think>` nothing is found.

    Valid JSON alone passes unchanged, blank space too, and at once. However the answer is cut, the
    pieces of a block join to the same text.

    Attributes:
        cut: The spans of the answer that are left out, `(start, end)` in characters: each is listed
            when something behind it is released, and the last by `close`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._read: str = "start"  # the step that reads the next character
        self._text, self._at, self._base = "", 0, 0  # what is read, how far, and its offset
        self._fresh = True  # nothing but blank space and thinking so far
        self._closed = False
        self._gap: list[str] = []  # blank space that is JSON only if JSON stands around it
        self._opening = Opening()  # of what may be a JSON text
        self._tried: list[str] = []  # what of it came with earlier pieces
        self._from = 0  # where in the text that is read it begins, or goes on
        self._spare: list[tuple[int, str]] = []  # arrays of atoms, with their offsets
        self._in_string = False
        self._depth = 0
        self._ticks = 0  # of the fence
        self._inside = 0  # backticks of the fence without a language whose content is prose
        self._info = ""
        self._thinking = ""

    def feed(self, text: str) -> list[Found]:
        """Read the next piece of the answer, and give the JSON in it.

        Raises:
            TypeError: The input is no `str`.
            RuntimeError: After `close`.
        """
        admit(text, closed=self._closed)
        with self._reading():
            self._base += self._at
            self._text, self._at, self._from = self._text[self._at :] + text, 0, 0
            while self._at < len(self._text):
                if STEPS[self._read](self):
                    break
            if self._read in TRIALS:
                self._tried.append(self._text[self._from : self._at])
                self._from = len(self._text)
            return self._taken()

    def close(self) -> list[Found]:
        """The answer has ended: what was held back, if it is JSON after all. Again: `[]`."""
        if self._closed:
            return []
        self._closed = True
        if self._read == "after" and not self.cut:  # JSON alone
            self._release("".join(self._gap), self._released)
        elif not self._blocks:
            self._release_what_was_held()
        self._cut_up_to(self._base + len(self._text))
        return self._taken()

    def _release_what_was_held(self) -> None:
        for offset, text in self._spare:
            self._blocks += 1
            self._release(text, offset)
        if not self._blocks and self._may_be_cut():
            self._rewind()
            self._begin("block")
            self._release_to(len(self._text))

    def _may_be_cut(self) -> bool:
        """Whether the end may have cut a scalar, or an array behind some of its first element."""
        if self._read not in TRIALS:
            return False
        tried = "".join(self._tried)
        return tried[0] != "{" and bool(tried.lstrip("[ \t\r\n"))

    # -- giving out --------------------------------------------------------------------------------

    def _release_to(self, end: int) -> None:
        self._release(self._text[self._at : end], self._base + self._at)
        self._at = end

    def _begin(self, read: str) -> None:
        """A block begins here, with the blank space before it."""
        self._fresh = False
        self._blocks += 1
        gap = "".join(self._gap)
        self._gap.clear()
        self._release(gap, self._base + self._at - len(gap))
        self._in_string, self._depth = False, 0
        self._read = read

    def _keep_blank(self) -> bool:
        """Keep the blank space here, if there is any."""
        end = WS(self._text, self._at).end()
        if end == self._at:
            return False
        self._gap.append(self._text[self._at : end])
        self._at = end
        return True

    # -- steps: each reads on from where the one before stopped; true if it needs more text --------

    def _start(self) -> bool:
        """Nothing was there so far: the first character that is not blank decides."""
        if self._keep_blank():
            return False
        character = self._text[self._at]
        if character == "<":
            return self._tag()
        if character in "{[":
            self._begin("block")
        elif character in mark.SCALAR:
            self._try("scalar")
        else:
            self._give_up()
        return False

    def _prose(self) -> bool:
        found = mark.SOMETHING(self._text, self._at)
        self._at = found.start() if found else len(self._text)
        if found is None:
            return False
        if found[0] == "<":
            return self._tag()
        if found[0] == "`":
            self._ticks, self._read = 0, "ticks"
        else:
            self._try("container")
        return False

    def _give_up(self, read: str = "prose") -> None:
        """What is here is no JSON."""
        self._fresh = False
        self._gap.clear()
        self._read = read

    # -- thinking ----------------------------------------------------------------------------------

    def _tag(self) -> bool:
        """A `<`, and perhaps the tag that thinking begins with."""
        here = self._text[self._at : self._at + len(mark.THINKING[-1])]
        for tag in mark.THINKING:
            if here.startswith(tag):
                self._thinking = tag.replace("<", "</")
                self._at += len(tag)
                self._gap.clear()
                self._read = "thinking"
                return False
        if any(tag.startswith(here) for tag in mark.THINKING):
            return True
        self._give_up()
        self._at += 1
        return False

    def _think(self) -> bool:
        end = self._text.find(self._thinking, self._at)
        if end < 0:
            self._at = max(self._at, len(self._text) - len(self._thinking) + 1)
            return True
        self._at = end + len(self._thinking)
        self._read = "start" if self._fresh else "prose"
        return False

    # -- what may be JSON, tried until that is certain ---------------------------------------------

    def _try(self, read: str) -> None:
        self._opening, self._from = Opening(), self._at
        self._read = read

    def _answer(self) -> Answer:
        """What the opening is, with one more character."""
        self._at += 1
        return self._opening.feed(self._text[self._at - 1])

    def _rewind(self) -> None:
        """Stand where the opening began."""
        if self._tried:
            earlier = "".join(self._tried)
            self._base += self._from - len(earlier)
            self._text, self._from = earlier + self._text[self._from :], 0
            self._tried.clear()
        self._at = self._from

    def _scalar(self) -> bool:
        """A scalar that may be the whole answer."""
        if self._answer() == "no":
            self._rewind()
            self._give_up()
        return False

    def _container(self) -> bool:
        """A bracket in prose."""
        answer = self._answer()
        if answer == "perhaps":
            return False
        end = self._base + self._at
        self._rewind()
        if answer == "no":
            self._at += 1
            self._read = "prose"
        elif answer == "whole" and self._text[self._at] == "[":
            start, self._at = self._at, end - self._base
            self._spare.append((self._base + start, self._text[start : self._at]))
            self._read = "prose"
        else:
            self._begin("block")
        return False

    def _fenced_scalar(self) -> bool:
        """A scalar that may be all of a fence without a language."""
        if self._text[self._at] == "`" and self._opening.may_end:
            self._rewind()
            self._begin("fence")
        elif self._answer() == "no":
            self._rewind()
            self._read_as_prose()
        return False

    # -- fences ------------------------------------------------------------------------------------

    def _count_ticks(self) -> bool:
        """The backticks that may begin a fence."""
        end = mark.TICKS(self._text, self._at).end()
        self._ticks += end - self._at
        self._at = end
        if end == len(self._text):
            return False
        self._info = ""
        self._read = "prose"
        if self._inside:
            self._inside = self._inside if self._ticks < self._inside else 0
        elif self._ticks >= mark.FENCE:
            self._read = "info"
        return False

    def _read_info(self) -> bool:
        """What stands behind the backticks: a language, or code with its end in the same line."""
        found = mark.END_OF_INFO(self._text, self._at)
        end = found.start() if found else len(self._text)
        self._info = (self._info + self._text[self._at : end]).lstrip()[: mark.INFO_KEPT]
        self._at = end
        if found is None:
            return False
        language = self._info.strip().lower()
        if found[0] == "`":
            self._read = "code end"
        elif found[0] == "\n":
            self._at += 1
            words = language.split() or [""]
            self._read = "fence start" if words[0] in mark.JSON_INFO else "other fence"
        elif language in mark.JSON_INFO:
            self._read = "fence start"
        else:
            self._info += found[0]
            self._at += 1
        return False

    def _end_code(self) -> bool:
        self._at = mark.TICKS(self._text, self._at).end()
        if self._at < len(self._text):
            self._read = "prose"
        return False

    def _start_fence(self) -> bool:
        """The first character that is not blank decides, unless the language is `json` itself."""
        if self._keep_blank():
            return False
        character = self._text[self._at]
        if character == "`":
            self._give_up("other fence")
        elif character in "{[" or self._info.strip().lower() == "json":
            self._begin("fence")
        elif character in mark.SCALAR:
            self._try("fenced scalar")
        else:
            self._read_as_prose()
        return False

    def _read_as_prose(self) -> None:
        """A fence whose content does not begin as JSON."""
        self._inside = self._ticks
        self._give_up()

    def _skip_fence(self) -> bool:
        """A fence of another language."""
        ticks = self._text.find("`", self._at)
        self._at = len(self._text) if ticks < 0 else ticks
        ends = ticks < 0 or self._ends_fence()
        if ends is False:
            self._at = mark.TICKS(self._text, self._at).end()
        return ends is None

    def _ends_fence(self) -> bool | None:
        """Whether the backticks here are enough to end the fence; `None` if they may go on."""
        end = mark.TICKS(self._text, self._at).end()
        if end - self._at >= self._ticks:
            self._at, self._read = end, "code end"  # however many they are
            return True
        return None if end == len(self._text) else False

    # -- JSON: strings are passed over: brackets and backticks stand in them, too ------------------

    def _fence(self) -> bool:
        self._release_to(self._up_to(mark.TICK, self._at))
        if self._at == len(self._text):
            return False
        if self._in_string:  # cut before a character that is escaped
            return True
        ends = self._ends_fence()
        if ends is False:
            self._release_to(mark.TICKS(self._text, self._at).end())
        return ends is None

    def _block(self) -> bool:
        """A text without a fence: it ends with its outermost bracket."""
        at = self._at
        while at < len(self._text):
            at = self._up_to(mark.BRACKET, at)
            if self._in_string or at == len(self._text):
                break
            self._depth += 1 if self._text[at] in "{[" else -1
            at += 1
            if not self._depth:
                self._read = "after"
                break
        self._release_to(at)
        return self._in_string and at < len(self._text)

    def _up_to(self, next_mark: Match, at: int) -> int:
        """The index of the next mark outside of strings; else where the text ends, or waits."""
        if self._in_string:
            at = mark.STRING_REST(self._text, at).end()
            if self._text[at : at + 1] != '"':
                return at
            self._in_string = False
            at += 1
        at = next_mark(self._text, at).end()
        if self._text[at : at + 1] == '"':
            self._in_string = True
            at = mark.STRING_REST(self._text, at + 1).end()
        return at

    def _after(self) -> bool:
        """Blank space behind a block passes if the answer is JSON alone."""
        if not self._keep_blank():
            self._give_up()
        return False


STEPS: dict[str, Callable[[JSONFinder], bool]] = {
    "start": JSONFinder._start,
    "prose": JSONFinder._prose,
    "thinking": JSONFinder._think,
    "scalar": JSONFinder._scalar,
    "container": JSONFinder._container,
    "fenced scalar": JSONFinder._fenced_scalar,
    "ticks": JSONFinder._count_ticks,
    "info": JSONFinder._read_info,
    "code end": JSONFinder._end_code,
    "fence start": JSONFinder._start_fence,
    "other fence": JSONFinder._skip_fence,
    "fence": JSONFinder._fence,
    "block": JSONFinder._block,
    "after": JSONFinder._after,
}
TRIALS = frozenset({"scalar", "container", "fenced scalar"})
