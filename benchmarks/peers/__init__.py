"""Who is compared: a table of contenders for each task, ours in front."""

from .events import EVENTS
from .finals import FINALS, LOADS
from .run import Again, Contenders, Run, available
from .values import JITER, RETURNED, VALUES

__all__ = [
    "EVENTS",
    "FINALS",
    "JITER",
    "LOADS",
    "RETURNED",
    "VALUES",
    "Again",
    "Contenders",
    "Run",
    "available",
]
