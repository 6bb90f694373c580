"""The types that typed validation is measured by, each with a text, and ways to spoil a text.

Every feature of Pydantic that changes how JSON is validated has a type here.
"""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

import pydantic.dataclasses
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    FailFast,
    Field,
    HttpUrl,
    Json,
    OnErrorOmit,
    PlainValidator,
    PrivateAttr,
    RootModel,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    computed_field,
    conlist,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticOmit, PydanticUseDefault
from typing_extensions import TypeAliasType, TypedDict

CALLS: list[str] = []  # every call of a validator that counts


def called(name, value):
    CALLS.append(name)
    return value


class Color(Enum):
    red = "red"
    blue = "blue"


class Shade(str, Enum):  # noqa: UP042 - the older way, which schemas tell apart
    dark = "dark"
    darker = "darker"


class Level(IntEnum):
    low = 1
    high = 2


class Half(Enum):
    yes = "yes"
    no = "no"

    @classmethod
    def _missing_(cls, value):
        return cls.yes if value == "yep" else None


class Scalars(BaseModel):
    i: int
    f: float
    s: str
    b: bool
    d: date
    dt: datetime
    t: time
    td: timedelta
    dec: Decimal
    u: UUID
    by: bytes
    url: HttpUrl
    c: Color
    sh: Shade
    lv: Level
    ha: Half
    li: Literal["alpha", "beta", 3, True] | None
    n: None = None


class Limits(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    age: int = Field(ge=0, le=120)
    name: Annotated[str, Field(min_length=2, max_length=6)]
    tags: Annotated[list[Annotated[str, Field(max_length=3)]], Field(min_length=1, max_length=3)]
    x: set[int] = Field(default_factory=set, max_length=2)
    t: tuple[int, str] = (1, "a")
    tv: tuple[int, ...] = ()
    fs: frozenset[str] = frozenset()
    dd: dict[str, int] = Field(default={}, max_length=2)


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    a: int = Field(alias="AA")
    b: int = Field(validation_alias=AliasChoices("b1", "b2"))
    c: int = Field(0, validation_alias=AliasPath("p", 0))
    d: str = "dd"


class SameAlias(BaseModel):
    a: int = Field(validation_alias="x")
    b: Annotated[int, AfterValidator(lambda v: v + 1)] = Field(
        validation_alias=AliasChoices("x", "y")
    )
    c: list[int] = Field([], validation_alias=AliasChoices("z", AliasPath("w", "z"), "v"))


class Camel(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel), loc_by_alias=False
    )
    first_name: str
    last_names: list[str]
    birth_year: int = 0


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]
    bark: str
    pups: list[Dog] = []
    owner: Owner | None = None


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Owner(BaseModel):
    name: str
    pet: Pet
    pets: list[Pet] = []
    maybe: Pet | None = None
    d: dict[str, Pet] = {}


class Seeing(BaseModel):
    a: int
    b: int = 5
    c: int
    d: list[int] = []

    @field_validator("c")
    @classmethod
    def not_below_a(cls, value, info: ValidationInfo):
        called("c", value)
        if "a" in info.data and value < info.data["a"]:
            raise ValueError("c<a")
        return value + info.data.get("b", 0)

    @field_validator("d", mode="before")
    @classmethod
    def split(cls, value):
        return value.split(",") if isinstance(value, str) else value


class SeeingMore(BaseModel):
    a: int
    b: Annotated[int, AfterValidator(lambda v, info: v + len(info.data))]
    c: list[Annotated[int, AfterValidator(lambda v, info: v + info.data.get("b", 0))]] = []
    checked: Checked | None = None
    all_checked: list[Checked] = []


class Checked(BaseModel):
    n: int
    inner: list[Cat] = []

    @model_validator(mode="after")
    def check(self, info: ValidationInfo):
        called("checked", None)
        if info.data and self.n == info.data.get("a"):
            raise PydanticCustomError("same", "{n} is {{a}}", {"n": self.n})
        return self


class Summed(BaseModel):
    a: int
    b: int
    sub: Sub
    tot: int = 0

    @model_validator(mode="after")
    def add(self):
        called("add", None)
        if self.a > self.b:
            raise ValueError("a>b")
        self.tot = self.a + self.b
        return self


class Sub(BaseModel):
    q: str = "q"
    _p: int = PrivateAttr(3)

    def model_post_init(self, _context):
        self._p = len(self.q)

    @computed_field
    def up(self) -> str:
        return self.q.upper()


class Before(BaseModel):
    a: int
    s: Sub

    @model_validator(mode="before")
    @classmethod
    def rename(cls, data):
        return {**data, "a": data["aa"]} if isinstance(data, dict) and "aa" in data else data


class Wrapped(BaseModel):
    a: int
    s: list[Sub]

    @model_validator(mode="wrap")
    @classmethod
    def through(cls, data, handler):
        return handler(data)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    d: date
    t: tuple[int, ...]
    e: Color
    u: UUID
    i: int
    dec: Decimal
    by: bytes
    nested: Loose


class Loose(BaseModel):
    i: int
    d: date
    s: Annotated[str, Field(strict=True)] = ""


class Tree(BaseModel):
    v: int
    kids: list[Tree] = Field(default_factory=list, max_length=2)
    par: Tree | None = None


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    n: int


class Movie(TypedDict):
    a: int
    b: NotRequired[list[Cat]]


class Partly(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(extra="forbid", str_max_length=4)  # type: ignore[misc]
    a: int
    s: str
    t: Movie


@pydantic.dataclasses.dataclass
class Pydantic:
    a: int
    b: list[Sub] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass(config=ConfigDict(extra="forbid", validate_assignment=True))
class Guarded:
    a: int
    init: dataclasses.InitVar[int] = 0
    made: int = dataclasses.field(default=0, init=False)
    last: Sub | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self, init):
        self.made = self.a + init


@dataclasses.dataclass(slots=True)
class Standard:
    a: int
    p: Pydantic | None = None

    def __post_init__(self):
        self.a = self.a + 1


class Point(NamedTuple):
    x: int
    y: Annotated[int, AfterValidator(lambda v, _info: v)]


class Unions(BaseModel):
    u: int | str | list[int] | Cat | Sub
    v: Cat | Sub | None = None
    w: dict[str, int] | list[Cat] = {}
    ll: Annotated[int | str, Field(union_mode="left_to_right")] = 0
    p: Point | None = None


class TypedExtra(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    a: Sub


class Defaults(BaseModel):
    model_config = ConfigDict(validate_default=True)
    a: int = "7"
    b: list[int] = ["1"]
    c: str = Field(default_factory=lambda data: str(data["a"]))
    d: Annotated[int, Field(validate_default=False)] = "x"


class Pets(RootModel[list[Pet]]):
    pass


class PetsByNumber(RootModel[dict[int, Pets]]):
    pass


def use_default(value):
    if value == "12":
        raise PydanticUseDefault
    return value


def leave_two(value, _info):
    return omit_two(value)


def leave_x(value):
    if value == "x":
        raise PydanticUseDefault
    return value


def complain(value, other):
    if value == other:
        raise PydanticCustomError("same", "{value} again", {"value": value, "again": "{value}"})
    if value == 3:
        raise PydanticCustomError("odd", "{value}", {"value": "{three}", "three": 3})
    return value


def omit_two(value):
    if value == 2:
        raise PydanticOmit
    return value


class Weird(BaseModel):
    j: Json[list[int]]
    dq: deque[int] = deque()
    w: Annotated[int, WrapValidator(lambda v, h: h(v) + 1)] = 0
    p: Annotated[str, PlainValidator(lambda v: str(v) * 2)] = ""
    ao: Annotated[
        list[Annotated[int, AfterValidator(lambda x: x * 2)]], AfterValidator(lambda x: x[::-1])
    ] = []
    a: Any = None
    sq: Sequence[Cat] = ()
    mp: Mapping[str, int] = {}
    om: list[OnErrorOmit[int]] = []
    ud: Annotated[str, BeforeValidator(use_default)] = "default"
    o2: list[Annotated[int, AfterValidator(omit_two)]] = []


class OwnInit(BaseModel):
    a: int
    s: Sub

    def __init__(self, **data):
        super().__init__(**data)


def kind_of(value):
    return value.get("k") if isinstance(value, dict) else getattr(value, "k", None)


class ByFunction(BaseModel):
    x: Annotated[
        Annotated[Cat, Tag("c")] | Annotated[Sub, Tag("s")],
        Discriminator(kind_of),
    ]
    y: list[int] = []


class InnerX(BaseModel):
    kind: Literal["i"]
    sub: Literal["x"]


class InnerY(BaseModel):
    kind: Literal["i"]
    sub: Literal["y"]
    z: int


class Numbered(BaseModel):
    kind: Literal[1, 2]
    z: list[int]


class Nested(BaseModel):
    v: Annotated[
        Cat | Annotated[InnerX | InnerY, Field(discriminator="sub")], Field(discriminator="kind")
    ]
    n: Annotated[Numbered | Cat, Field(discriminator="kind")] | None = None


class AliasedTag(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["t"] = Field(alias="type")
    w: Owner | None = None


class PlainTag(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    kind: Literal["u"] = Field(alias="type")
    n: int

    @model_validator(mode="after")
    def check(self):
        if self.n == 3:
            raise ValueError("three")
        return self


class FailsFast(BaseModel):
    x: Annotated[list[int], FailFast()]
    y: list[list[int]] = []


class Deep(BaseModel):
    own: Owner
    pages: list[Page[Cat]]
    tree: Tree
    td: Partly
    limits: Limits | None = None


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, revalidate_instances="always")
    a: int
    b: tuple[Sub, ...]
    c: tuple[Cat, int, str] | None = None


FEW = {1: 1, 2: 2, 4: 4, 5: 5, 0: 0, -5: 1}


class Crashing(BaseModel):
    a: int
    b: str
    few: list[Annotated[int, AfterValidator(lambda v: FEW[v])]] = []
    seen: Annotated[int, AfterValidator(lambda v, info: v // info.data["a"])] = 0

    @field_validator("a")
    @classmethod
    def crash(cls, value):
        if value == 3:
            raise TypeError("boom")
        return value


class Configured(BaseModel):
    model_config = ConfigDict(
        coerce_numbers_to_str=True,
        str_to_lower=True,
        str_min_length=1,
        str_max_length=5,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        allow_inf_nan=False,
        use_enum_values=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
        title="Another title",
        validation_error_cause=True,
        from_attributes=True,
        regex_engine="python-re",
        ser_json_timedelta="float",
        defer_build=True,
    )
    s: str
    by: bytes = b""
    f: float = 0.0
    c: Color | None = None
    p: Annotated[str, Field(pattern="^(?:a|b)+$")] = "a"
    m: Literal["ab", "abc"] = "ab"


class Hidden(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid", title="Hid")
    s: Annotated[str, Field(max_length=4)]
    n: list[Annotated[int, Field(gt=0)]] = Field([], max_length=3)


class Contextual(BaseModel):
    n: Annotated[int, AfterValidator(lambda v, info: v + (info.context or {}).get("add", 0))]
    s: list[Checked] = []


class Checks(BaseModel):
    """Validators of every mode, counted."""

    before: Annotated[int, BeforeValidator(lambda v: called("before", v))]
    after: Annotated[int, AfterValidator(lambda v: called("after", v))]
    wrap: Annotated[int, WrapValidator(lambda v, h: h(called("wrap", v)))]
    plain: Annotated[int, PlainValidator(lambda v: called("plain", v))]
    rows: list[Row] = []


class Row(BaseModel):
    id: Annotated[int, AfterValidator(lambda v: called("id", v))]
    tags: list[Annotated[str, AfterValidator(lambda v: called("tag", v))]] = []

    @model_validator(mode="after")
    def check(self):
        return called("row", self)


Words = TypeAliasType("Words", "list[Words] | Annotated[str, Field(min_length=1)] | int")


class Short(BaseModel):
    """What is defined once has the configuration of the whole, wherever it is used."""

    model_config = ConfigDict(strict=True, str_max_length=2, str_to_lower=True)
    words: Words
    more: list[Words] = []
    s: Annotated[str, AfterValidator(lambda v, info: v + str(len(info.data)))] = ""
    deep: dict[str, list[Annotated[str, AfterValidator(lambda v, _info: v)]]] = {}


class Long(BaseModel):
    model_config = ConfigDict(str_to_upper=True)
    short: Short
    shorts: list[Short] = []


class Narrow(BaseModel):
    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    a: int = Field(alias="AA")
    s: Sub = Field(default=None, alias="SS")


class Leaving(BaseModel):
    n: int
    s: Annotated[str, AfterValidator(leave_x)] = ""

    @model_validator(mode="after")
    def leave(self):
        if self.n == 2:
            raise PydanticOmit
        return self


class SeeingRoundly(BaseModel):
    a: int
    b: Annotated[int, AfterValidator(lambda v, info: complain(v, info.data["a"]))]
    c: Annotated[str, AfterValidator(lambda v, info: v * info.data["b"])] = ""
    d: Annotated[int, AfterValidator(leave_two)] = 0


def big_then_small(value):
    return sorted(value, reverse=True)


Listed = Annotated[conlist(int, min_length=1, max_length=4), AfterValidator(big_then_small)]

for model in [value for value in vars().values() if isinstance(value, type)]:
    if issubclass(model, BaseModel) and model.__module__ == __name__:
        model.model_rebuild()

SCALARS = (
    '{"i":1,"f":1.5,"s":"x","b":true,"d":"2024-01-02","dt":"2024-01-02T03:04:05Z","t":"03:04","td":'
    '"PT3S","dec":"1.50","u":"12345678-1234-5678-1234-567812345678","by":"abc","url":'
    '"http://example.com/x","c":"red","sh":"darker","lv":2,"ha":"yep","li":"beta"}'
)
OWNER = (
    '{"name":"Jo","pet":{"kind":"dog","bark":"w","pups":[{"kind":"wolf","bark":"z"}]},"pets":'
    '[{"lives":2,"kind":"cat"},{"bark":"v","owner":{"name":"Al","pet":{"lives":3,"kind":"cat"}},'
    '"kind":"dog"},{"kind":"cat"}],"maybe":null,"d":{"a":{"kind":"cat","lives":1}}}'
)
LIMITS = (
    '{"age":3,"name":" abc ","tags":["a","bb"],"x":[1,2,2],"t":[2,"z"],"tv":[1,2,3],"fs":["a"],'
    '"dd":{"a":1}}'
)
STRICT = (
    '{"d":"2024-01-02","t":[1,2],"e":"red","u":"12345678-1234-5678-1234-567812345678","i":1,"dec":'
    '1.5,"by":"x","nested":{"i":"1","d":"2024-01-02"}}'
)
WEIRD = (
    '{"j":"[1,2]","dq":[1,2],"w":3,"p":4,"ao":[1,2,3],"a":{"x":[1,{"y":2}]},"sq":[{"kind":"cat"}],'
    '"mp":{"a":1},"om":[1,"x",2],"ud":"12","o2":[1,2,3]}'
)
DEEP = (
    '{"own":%s,"pages":[{"items":[{"kind":"cat"}],"n":1}],"tree":{"v":1,"kids":[{"v":2}]},"td":'
    '{"t":{"a":2}},"limits":{"age":3,"name":"abc","tags":["a"]}}'
).replace("%s", OWNER)
CHECKS = '{"before":1,"after":2,"wrap":3,"plain":4,"rows":[{"id":1,"tags":["a","b"]},{"id":2}]}'

Tagged = Annotated[AliasedTag | PlainTag, Field(discriminator="kind")]

ZOO = [
    (Scalars, SCALARS),
    (Crashing, '{"a":1,"few":[1,2],"b":"x"}'),
    (Crashing, '{"a":0,"b":"x","few":[],"seen":1}'),
    (list[Crashing], '[{"a":1,"b":"x"},{"a":2,"b":"y"}]'),
    (Limits, LIMITS),
    (Aliased, '{"AA":1,"b2":2,"p":[5],"d":"x"}'),
    (Aliased, '{"a":1,"b1":2}'),
    (SameAlias, '{"x":1,"y":2,"w":{"z":[1]},"v":[2]}'),
    (Camel, '{"firstName":"A","lastNames":["B","C"],"birthYear":1990}'),
    (Owner, OWNER),
    (Seeing, '{"a":1,"b":2,"c":3,"d":[1,2]}'),
    (Seeing, '{"c":3,"a":1,"d":"4,5"}'),
    (SeeingMore, '{"a":1,"b":2,"c":[1,2],"checked":{"n":2,"inner":[{"kind":"cat"}]}}'),
    (SeeingMore, '{"a":1,"b":2,"all_checked":[{"n":2,"inner":[{"kind":"cat"}]}]}'),
    (list[Checked], '[{"n":2,"inner":[{"kind":"cat"}]},{"n":3}]'),
    (Summed, '{"a":1,"b":2,"sub":{"q":"hello"},"tot":7}'),
    (Before, '{"aa":1,"s":{"q":"z"}}'),
    (Wrapped, '{"a":1,"s":[{"q":"z"},{}]}'),
    (Strict, STRICT),
    (Tree, '{"v":1,"kids":[{"v":2,"kids":[{"v":4}]},{"v":3,"par":{"v":9}}]}'),
    (Page[Cat], '{"items":[{"kind":"cat"},{"kind":"cat","lives":3}],"n":2}'),
    (Page[Page[int]], '{"items":[{"items":[1,2],"n":2}],"n":1}'),
    (Movie, '{"a":1,"b":[{"kind":"cat"}]}'),
    (Partly, '{"t":{"a":2},"a":1,"s":"abcd"}'),
    (Pydantic, '{"a":1,"b":[{"q":"x"}]}'),
    (Guarded, '{"a":1,"init":4,"last":{"q":"x"}}'),
    (Standard, '{"a":1,"p":{"a":2,"b":[{}]}}'),
    (Unions, '{"u":"5","v":{"kind":"cat"},"w":[{"kind":"cat"}],"p":[1,2]}'),
    (Unions, '{"u":[1,2],"v":{"q":"x"},"w":{"a":1},"ll":"x"}'),
    (TypedExtra, '{"a":{"q":"x"},"z":5,"y":6}'),
    (Defaults, '{"a":3}'),
    (Defaults, '{"b":[1,"2"],"c":"x"}'),
    (Pets, '[{"kind":"cat"},{"kind":"dog","bark":"x"}]'),
    (PetsByNumber, '{"1":[{"kind":"cat"}],"2":[]}'),
    (Weird, WEIRD),
    (OwnInit, '{"a":1,"s":{"q":"x"}}'),
    (ByFunction, '{"x":{"k":"c","kind":"cat"},"y":[1]}'),
    (Nested, '{"v":{"kind":"i","sub":"y","z":3},"n":{"z":[1],"kind":1}}'),
    (Nested, '{"v":{"z":3,"sub":"y","kind":"i"}}'),
    (list[Tagged], f'[{{"type":"t"}},{{"n":2,"type":"u"}},{{"w":{OWNER},"type":"t"}}]'),
    (FailsFast, '{"x":[1,2,3],"y":[[1],[2,3]]}'),
    (Frozen, '{"a":1,"b":[{"q":"x"},{}],"c":[{"kind":"cat"},1,"x"]}'),
    (Deep, DEEP),
    (Configured, '{"s":"ABC","by":"YWJj","f":1.5,"c":"red","p":"ab","m":"abc"}'),
    (Hidden, '{"s":"abc","n":[1,2]}'),
    (Contextual, '{"n":1,"s":[{"n":1}]}'),
    (Checks, CHECKS),
    (list[Leaving], '[{"n":1},{"n":2},{"n":3,"s":"x"}]'),
    (SeeingRoundly, '{"a":1,"b":2,"c":"x"}'),
    (SeeingRoundly, '{"a":1,"b":2,"c":"x","d":2}'),
    (Long, '{"short":{"words":["AbC",["d"],1],"more":["Xyz"]},"shorts":[{"words":1,"s":"Ab"}]}'),
    (list[Short], '[{"words":"abc","deep":{"a":["xY"]}},{"words":1,"more":[["AbC"]],"s":"Ab"}]'),
    (Narrow, '{"a":1,"s":{"q":"x"}}'),
    (list[Pet], '[{"kind":"cat"},{"kind":"dog","bark":"x"}]'),
    (dict[str, list[Cat]], '{"a":[{"kind":"cat"}],"b":[]}'),
    (Cat | Dog, '{"kind":"dog","bark":"x"}'),
    (Pet, '{"bark":"x","pups":[],"kind":"dog"}'),
    (int, "5"),
    (str, '"abc"'),
    (Any, '{"a":[1,2]}'),
    (list[int], "[1,2,3]"),
    (Listed, "[1,2,3]"),
    (set[str], '["a","b","a"]'),
    (Owner | None, OWNER),
    (tuple[Cat, int, str], '[{"kind":"cat"},1,"x"]'),
    (dict[int, dict[str, Sub]], '{"1":{"a":{"q":"x"}},"2":{}}'),
    (TypeAdapter(list[int | str], config=ConfigDict(str_max_length=3, strict=True)), '[1,"x"]'),
]


# -- Ways to spoil a text --------------------------------------------------------------------------

JUNK = [
    *(None, True, False, 0, 1, -5, 3, 2.5, 1e3, 10**20, "", "x", "12", "cat", "dog", "alpha"),
    *("2024-01-01", " padded ", "toolongstring", "dar", "yep", [], {}, [1], ["a", "b"]),
    *([1, 2, 3, 4], [[1]], {"kind": "cat"}, {"kind": "cow"}, {"kind": 1}, {"q": "x"}, {"a": 1}),
    *({"kind": "dog", "bark": 1}, {"n": 1}, "dark", "a\u2028", {"type": "t"}),
]
NAMES = [
    *("a", "b", "c", "d", "kind", "AA", "b1", "b2", "p", "q", "v", "zz", "kids", "x", "s", "i"),
    *("n", "type", "sub", "init", "made", "y", "z", "w", "first_name"),
]
BROKEN = ["}", "]", ",", '"', "x", "{", "\\", "nul", " ", "\\ud800", "01", "\n"]


class Members(list):
    """An object as pairs, so that its members have an order, and names may come again."""


def as_pairs(value):
    if isinstance(value, dict):
        return Members([name, as_pairs(member)] for name, member in value.items())
    return [as_pairs(item) for item in value] if isinstance(value, list) else value


def as_text(random, value):
    space = " " if random.random() < 0.1 else ""
    if isinstance(value, Members):
        members = (f"{json.dumps(name)}:{space}{as_text(random, part)}" for name, part in value)
        return "{" + f",{space}".join(members) + "}"
    if isinstance(value, list):
        return f"[{space}" + ",".join(as_text(random, part) for part in value) + "]"
    return json.dumps(value)


def lists_in(value):
    if isinstance(value, list):
        yield value
        for part in value:
            yield from lists_in(part[1] if isinstance(value, Members) else part)


def mutated(random, value):
    places = list(lists_in(value))
    if not places:
        return as_pairs(random.choice(JUNK))
    place, junk = random.choice(places), as_pairs(random.choice(JUNK))
    at, kind = random.randrange(len(place) + 1), random.random()
    is_object = isinstance(place, Members)
    if place and kind < 0.2:
        place.pop(at % len(place))
    elif place and kind < 0.5:
        at %= len(place)
        place[at] = [place[at][0], junk] if is_object else junk
    elif place and kind < 0.65:
        random.shuffle(place)
    elif place and kind < 0.75:
        other = random.choice(place)
        place.insert(at, [other[0], junk] if is_object else as_pairs(json.loads(json.dumps(other))))
    else:
        place.insert(at, [random.choice(NAMES), junk] if is_object else junk)
    return value


def document(random, text, mutations=(0, 1, 1, 2, 2, 3, 5)):
    """A text like the given one: mostly right, or with wrong values; sometimes cut or malformed."""
    value = as_pairs(json.loads(text))
    for _ in range(random.choice(mutations)):
        value = mutated(random, value)
    text = as_text(random, value)
    kind = random.random()
    if kind < 0.05:
        return text[: random.randrange(len(text) + 1)]
    if kind < 0.09:
        at = random.randrange(len(text) + 1)
        return text[:at] + random.choice(BROKEN) + text[at:]
    return random.choice(["", " ", "\n ", "\r\n"]) + text + random.choice(["", "\n", "\r\n"])


def pieces(random, text):
    at = 0
    while at < len(text):
        size = random.choice([1, 2, 3, 7, 20, 400])
        yield text[at : at + size]
        at += size


def has_repeated_names(text):
    found = []

    def look(pairs):
        found.append(len({name for name, _ in pairs}) < len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return any(found)
