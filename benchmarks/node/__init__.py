"""The peers that are written in JavaScript, in a process of Node beside the one of Python."""

from .contenders import EVENTS, FINALS, VALUES, shown, timed
from .packages import versions

__all__ = ["EVENTS", "FINALS", "VALUES", "shown", "timed", "versions"]
