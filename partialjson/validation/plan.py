"""A core schema as a tree of places: which type a value has is known by where it stands.

What flows in is the core schema of a `TypeAdapter`. What flows out are nodes, one for each place,
made as they are asked for, since types recurse. A kind of schema that is not named here is opaque:
its node is a leaf, and a value of it is validated whole when it closes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

from pydantic import TypeAdapter

from ._schemas import (
    ARRAYS,
    OBJECTS,
    OPAQUE,
    configs_in,
    exact_types,
    items_of,
    keys_of,
    layers_of,
    looks_around,
    names_of_discriminator,
    omits,
    present,
    settings_of,
)
from ._switches import Schema, config_of

__all__ = ["Plan", "plan_of"]

PLANS_KEPT = 128


class Plan:
    """The places of one type, and what all of its validators have in common.

    Args:
        adapter: Of the type.
        by_alias: As `validate_json` takes it: whether members are found by alias.
        by_name: As `validate_json` takes it: whether members are found by the name of their field.
        extra: As `validate_json` takes it: what becomes of names that are no field's.
    """

    adapter: TypeAdapter[Any]
    by_alias: bool | None
    by_name: bool | None
    extra: str | None
    definitions: dict[str, Schema]  # of the schemas that others refer to
    root: Node

    def __init__(
        self,
        adapter: TypeAdapter[Any],
        *,
        by_alias: bool | None = None,
        by_name: bool | None = None,
        extra: str | None = None,
    ) -> None:
        adapter.rebuild()  # one whose building was put off has no schema yet
        self.adapter = adapter
        self.by_alias, self.by_name, self.extra = by_alias, by_name, extra
        self.definitions = {}
        self._nodes: dict[tuple[int, int], Node] = {}
        schema = adapter.core_schema
        if schema["type"] == "definitions":
            self.definitions = {part["ref"]: part for part in schema["definitions"]}
            schema = schema["schema"]
        config = config_of(adapter, self._outermost_class(schema))
        if self._has_doubtful_definitions(adapter.core_schema, config):
            self.root = Node(self, schema, config, [OPAQUE])
        else:
            self.root = self.node(schema, config)
        self.root.title = adapter.validator.title

    def node(self, schema: Schema, config: Schema) -> Node:
        """The node of a place; one for each schema, since types recurse."""
        key = id(schema), id(config)
        if key not in self._nodes:
            self._nodes[key] = node_of(self, schema, config)
        return self._nodes[key]

    def _has_doubtful_definitions(self, schema: Schema, config: Schema) -> bool:
        """Whether a definition depends on where it is used, in a way that versions disagree about.

        One that is no class (a type alias that recurses) has the configuration of what is compiled
        at once: of the whole type, or from 2.11 on of the classes that are compiled already.
        """
        definitions = self.definitions.values()
        if all(self._outermost_class(part).get("config") for part in definitions):
            return False
        configs = [config, *configs_in(schema)]
        return len({repr(sorted(settings_of(each).items())) for each in configs}) > 1

    def _outermost_class(self, schema: Schema) -> Schema:
        """The class behind references and validators, which has the configuration."""
        while True:
            if schema["type"] == "definition-ref":
                schema = self.definitions[schema["schema_ref"]]
            elif schema["type"].startswith("function-") and "schema" in schema:
                schema = schema["schema"]
            else:
                return schema


def plan_of(
    of: Any,
    *,
    by_alias: bool | None = None,
    by_name: bool | None = None,
    extra: str | None = None,
) -> Plan:
    """The plan of a type. That of a class or a `TypeAdapter` is kept for the next parser.

    Other types cannot be told apart by `==`: `int | str == str | int`, and errors come in order.
    """
    if not isinstance(of, type | TypeAdapter):
        return Plan(TypeAdapter(of), by_alias=by_alias, by_name=by_name, extra=extra)
    plan = kept_plan(of, by_alias, by_name, extra)
    current = getattr(of, "__pydantic_core_schema__", None)
    if isinstance(current, dict) and current is not plan.adapter.core_schema:  # it was rebuilt
        kept_plan.cache_clear()
        plan = kept_plan(of, by_alias, by_name, extra)
    return plan


@lru_cache(maxsize=PLANS_KEPT)
def kept_plan(of: Any, by_alias: bool | None, by_name: bool | None, extra: str | None) -> Plan:  # noqa: FBT001
    adapter = of if isinstance(of, TypeAdapter) else TypeAdapter(of)
    return Plan(adapter, by_alias=by_alias, by_name=by_name, extra=extra)


# -- Nodes -----------------------------------------------------------------------------------------


class Node:
    """One place in a type; as it stands a leaf, a value of which is validated whole."""

    plan: Plan
    schema: Schema  # of a value at this place; what only a missing value needs is left out
    config: Schema  # of the class around it
    core: Schema  # the innermost schema, below all that is transparent
    core_config: Schema  # of the class that the members belong to
    looks: bool  # may functions of it look at the fields of the object around it?
    may_revise: bool  # does a function of the user's see the container when it is whole?
    title: str | None  # of errors, at the root; elsewhere nobody sees it
    guard: Any  # what a value can be; made where it is first asked for
    exact: frozenset[type]  # atoms of these types are what Pydantic would make of them
    whole: Callable[..., Any] | None  # `validate_json` for a value alone, as soon as it is compiled
    idle: dict[Any, list[Any]]  # shells that nobody is running, by what they are for

    opens: str | None = None
    """The kind of container whose members have places of their own, if it has them."""

    def __init__(self, plan: Plan, schema: Schema, config: Schema, layers: list[Schema]) -> None:
        self.plan, self.schema, self.config = plan, schema, config
        self.core = layers[-1]
        for layer in layers:
            if layer["type"] in {"dataclass", "model"}:
                config = layer.get("config")
        own = self.core.get("config") if self.core["type"] == "typed-dict" else None
        self.core_config = own or config
        self.looks = looks_around(schema, plan.definitions)
        self.may_revise = any(
            layer["type"] == "function-after" or layer.get("post_init") for layer in layers
        )
        self.exact = exact_types(schema, config)
        self.title = self.guard = self.whole = None
        self.idle = {}


class Member:
    """A field as it is found in an object."""

    __slots__ = ("earlier", "keys", "name", "node", "owner", "tells_key")

    owner: ObjectNode  # the place of the object
    name: str  # of the field
    keys: tuple[str, ...]  # the names it may have in the text; an earlier one wins
    node: Node  # its place
    earlier: tuple[str, ...] | None  # the fields that its validators may see; none if they do not
    tells_key: bool  # do errors tell of it by the name in the text, rather than the field's?

    def __init__(self, owner: ObjectNode, name: str, keys: tuple[str, ...], node: Node) -> None:
        names = list(owner.fields)
        self.owner, self.name, self.keys, self.node = owner, name, keys, node
        self.earlier = tuple(names[: names.index(name)]) if node.looks else None
        self.tells_key = (owner.core_config or {}).get("loc_by_alias", True)

    def loc_of(self, key: str | int) -> str | int:
        """How an error tells of the field, when it was found under a name."""
        return key if self.tells_key else self.name


class ObjectNode(Node):
    """An object whose members are fields: of a model, a dataclass, a TypedDict."""

    opens: str | None = "object"

    @cached_property
    def fields(self) -> dict[str, Schema]:
        """The schemas of all fields, in the order in which they are validated."""
        fields = self.core["fields"]
        return {field["name"]: field for field in fields} if isinstance(fields, list) else fields

    @cached_property
    def members(self) -> dict[str, Member]:
        """The fields by their names in the text; one that is not here is left to Pydantic."""
        keys_of = {name: self._keys_of(name, field) for name, field in self.fields.items()}
        times = Counter(key for keys in keys_of.values() for key in keys)
        members: dict[str, Member] = {}
        for name, keys in keys_of.items():
            field = self.fields[name]
            shared = any(times[key] > 1 for key in keys)
            if not shared and field.get("init") is not False and not omits(field["schema"]):
                members |= dict.fromkeys(keys, self._member(name, keys))
        return members

    @cached_property
    def plain(self) -> dict[str, Member]:
        """Those of them that have one name alone, and look at nothing around them."""
        return {
            key: member
            for key, member in self.members.items()
            if len(member.keys) == 1 and member.earlier is None
        }

    @cached_property
    def by_name(self) -> dict[str, Member]:
        """The same by the names of the fields."""
        return {member.name: member for member in self.members.values()}

    @cached_property
    def validated_defaults(self) -> frozenset[str]:
        """The fields whose validators see the default where the text has no value."""
        everywhere = bool((self.core_config or {}).get("validate_default"))
        schemas = {name: self.fields[name]["schema"] for name in self.by_name}
        return frozenset(
            name
            for name, schema in schemas.items()
            if schema["type"] == "default" and schema.get("validate_default", everywhere)
        )

    def _member(self, name: str, keys: tuple[str, ...]) -> Member:
        schema = present(self.fields[name]["schema"])
        return Member(self, name, keys, self.plan.node(schema, self.core_config))

    def _keys_of(self, name: str, field: Schema) -> tuple[str, ...]:
        """The names in the text under which a field may stand; none if that cannot be told."""
        if field.get("validation_alias") is None:
            return (name,)
        config, asked = self.core_config or {}, self.plan
        by_alias = asked.by_alias
        if by_alias is None:
            by_alias = config.get("validate_by_alias", True)
        by_name = asked.by_name
        if by_name is None:
            by_name = config.get("validate_by_name", config.get("populate_by_name", False))
        return keys_of(field, by_alias=by_alias, name=name if by_name else None)


class MappingNode(Node):
    """An object whose names are keys: of a `dict`."""

    opens: str | None = "object"

    @cached_property
    def values(self) -> Node:
        """The place of every value."""
        schema = self.core.get("values_schema") or {"type": "any"}
        return self.plan.node(schema, self.core_config)

    def child(self, key: str | int) -> Node | None:  # noqa: ARG002 - every one is at the same place
        """The place of a value."""
        return self.values


class ArrayNode(Node):
    """An array: of a list, a set, a tuple."""

    opens: str | None = "array"

    @cached_property
    def items(self) -> list[Node]:
        """The places of the items, of a tuple one for each."""
        return [self.plan.node(schema, self.core_config) for schema in items_of(self.core)]

    @cached_property
    def repeats(self) -> bool:
        """Whether the last place is that of all items that follow."""
        return self.core["type"] != "tuple" or self.core.get("variadic_item_index") is not None

    def child(self, key: str | int) -> Node | None:
        """The place of an item; none for one more than a tuple has."""
        items, index = self.items, int(key)
        if index < len(items):
            return items[index]
        return items[-1] if self.repeats else None


class TaggedNode(Node):
    """A union that one member decides, the discriminator."""

    opens: str | None = "object"

    @cached_property
    def discriminators(self) -> tuple[str, ...]:
        """The names that the member may have in the text, the one that wins first."""
        return names_of_discriminator(self.core)

    @cached_property
    def choices(self) -> dict[str, Node]:
        """The choices that a string can name."""
        nodes: dict[str, Node] = {}
        for tag, schema in self.core["choices"].items():
            name = tag.value if isinstance(tag, Enum) else tag
            if type(name) is str:
                nodes[name] = self.plan.node(schema, self.core_config)
        return nodes


# -- Which node a schema is ------------------------------------------------------------------------


def node_of(plan: Plan, schema: Schema, config: Schema) -> Node:
    layers = list(layers_of(schema, plan.definitions))
    return kind_of(layers[-1])(plan, schema, config, layers)


def kind_of(core: Schema) -> type[Node]:
    if core["type"] in OBJECTS:
        return ObjectNode
    if core["type"] == "dict" and not omits(core.get("values_schema")):
        return MappingNode
    if core["type"] == "tagged-union" and names_of_discriminator(core):
        return TaggedNode
    if core["type"] in ARRAYS:
        items = items_of(core)
        in_order = core.get("variadic_item_index") in {None, len(items) - 1}
        return ArrayNode if in_order and not any(omits(item) for item in items) else Node
    return Node
