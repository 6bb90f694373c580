"""What a core schema says of a value, and what is wrapped around what it says.

A core schema is a dict with a `type`, as `pydantic_core.core_schema` builds it. Nothing is compiled
here, and nothing is known of plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._switches import Schema

__all__ = [
    "ARRAYS",
    "OBJECTS",
    "OPAQUE",
    "TRANSPARENT",
    "configs_in",
    "exact_types",
    "items_of",
    "keys_of",
    "layers_of",
    "looks_around",
    "names_of_discriminator",
    "omits",
    "present",
    "raises",
    "settings_of",
]

# What may stand around a container without a say in how its members are validated, and the key of
# what is inside.
TRANSPARENT = {
    "dataclass": "schema",
    "default": "schema",
    "function-after": "schema",
    "json-or-python": "json_schema",
    "model": "schema",
    "nullable": "schema",
}
OBJECTS = {"dataclass-args", "model-fields", "typed-dict"}
ARRAYS = {"frozenset", "list", "set", "tuple"}
EXACT: dict[str, frozenset[type]] = {
    "bool": frozenset({bool}),
    "float": frozenset({float}),
    "int": frozenset({int}),
    "none": frozenset({type(None)}),
    "str": frozenset({str}),
}
OPAQUE = {"type": "opaque"}
OF_OBJECTS = {
    *("extra_fields_behavior", "from_attributes", "hide_input_in_errors", "loc_by_alias"),
    *("populate_by_name", "title", "validate_by_alias", "validate_by_name"),
    *("validation_error_cause",),
}
NO_SCHEMAS = {"cls", "config", "default", "expected", "members", "metadata", "serialization"}


def layers_of(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """A schema and those inside it, down to the first that is not transparent."""
    references: set[str] = set()
    while True:
        if schema["type"] == "definition-ref":
            ref = schema["schema_ref"]
            schema = OPAQUE if ref in references else definitions[ref]
            references.add(ref)
            continue
        yield schema
        if schema.get("custom_init") or not raises(schema):
            yield OPAQUE
            return
        if schema["type"] not in TRANSPARENT:
            return
        schema = schema[TRANSPARENT[schema["type"]]]


def raises(schema: Schema) -> bool:
    """Whether an error of the value is one, rather than a reason to take the default."""
    return bool(schema.get("on_error", "raise") == "raise")


def omits(schema: Schema) -> bool:
    """Whether a wrong value is left out, which only what is around it can do."""
    return bool(schema) and schema.get("on_error") == "omit"


def present(schema: Schema) -> Schema:
    """The schema of a value that is there: a default that only steps in for none is left out."""
    if schema["type"] == "default" and raises(schema):
        return schema["schema"]
    return schema


def items_of(core: Schema) -> list[Schema]:
    """The schemas of the items of an array: one for all, or of a tuple one for each."""
    items = core.get("items_schema") or {"type": "any"}
    return items if isinstance(items, list) else [items]


def configs_in(schema: Schema) -> Iterator[Schema]:
    """The configurations of all classes in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") in {"dataclass", "model", "typed-dict"}:
            yield schema.get("config")
        for key, part in schema.items():
            if key not in NO_SCHEMAS:
                yield from configs_in(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from configs_in(part)


def exact_types(schema: Schema, config: Schema) -> frozenset[type]:
    """The types of atoms that this schema takes and gives back as they are, without a question.

    Such a value need not be shown to Pydantic: it is what Pydantic would make of it.
    """
    if schema.keys() <= {"type", "schema", "metadata", "serialization"}:
        if schema["type"] == "nullable":
            return exact_types(schema["schema"], config) | {type(None)}
        if schema["type"] == "str" and any(name.startswith("str_") for name in config or {}):
            return frozenset()
        if schema["type"] in EXACT and "schema" not in schema:
            return EXACT[schema["type"]]
    return frozenset()


def settings_of(config: Schema) -> dict[str, object]:
    """What of a configuration a value can tell that is no object."""
    return {name: value for name, value in (config or {}).items() if name not in OF_OBJECTS}


def keys_of(field: Schema, *, by_alias: bool, name: str | None) -> tuple[str, ...]:
    """The names in the text under which a field may stand, the one that wins first.

    None if that cannot be told: where an alias is a path into another member.

    Args:
        field: The schema of the field.
        by_alias: Whether it may stand under its aliases.
        name: That of the field, if it may stand under it as well.
    """
    alias = field["validation_alias"] if by_alias else []
    paths = [alias] if isinstance(alias, str) or (alias and isinstance(alias[0], str)) else alias
    paths = [[path] if isinstance(path, str) else path for path in paths]
    if any(len(path) != 1 for path in paths):
        return ()
    names = [path[0] for path in paths]
    return tuple(dict.fromkeys(names if name is None else [*names, name]))


def names_of_discriminator(core: Schema) -> tuple[str, ...]:
    """The names of the member that decides a union; none if it is found in another way."""
    found = core["discriminator"]
    if isinstance(found, str):
        return (found,)
    paths = found if isinstance(found, list) else []
    simple = all(isinstance(path, list) and len(path) == 1 for path in paths)
    return tuple(path[0] for path in paths) if simple else ()


def looks_around(
    schema: Schema, definitions: Mapping[str, Schema], seen: frozenset[str] = frozenset()
) -> bool:
    """Whether a function in the schema may see the fields of the object around it."""
    if isinstance(schema, list | tuple):
        return any(looks_around(part, definitions, seen) for part in schema)
    if not isinstance(schema, dict) or schema.get("type") in OBJECTS:
        return False
    if schema.get("type") == "definition-ref":
        ref = schema["schema_ref"]
        return ref not in seen and looks_around(definitions[ref], definitions, seen | {ref})
    function = schema.get("function")
    if isinstance(function, dict) and function.get("type") == "with-info":
        return True
    return any(
        looks_around(part, definitions, seen)
        for key, part in schema.items()
        if key not in NO_SCHEMAS
    )
