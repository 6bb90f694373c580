"""Who is compared: a table of contenders for each task, ours in front."""

from .events import EVENTS, IJSON, WHOLE_STRINGS
from .finals import FINALS, LOADS, UNSHOWN
from .items import DROPPED, ITEMS
from .run import Again, Contenders, Rereader, Run, available
from .values import (
    IJSON_BUILDER,
    JITER,
    JSONRIVER,
    NATIVE,
    PLAIN,
    PLAIN_LIVE_VALUE,
    RETURNED,
    VALUES,
    core,
    plain_core,
)

__all__ = [
    "DROPPED",
    "EVENTS",
    "FINALS",
    "IJSON",
    "IJSON_BUILDER",
    "ITEMS",
    "JITER",
    "JSONRIVER",
    "LOADS",
    "NATIVE",
    "PLAIN",
    "PLAIN_LIVE_VALUE",
    "RETURNED",
    "UNSHOWN",
    "VALUES",
    "WHOLE_STRINGS",
    "Again",
    "Contenders",
    "Rereader",
    "Run",
    "available",
    "core",
    "plain_core",
]
