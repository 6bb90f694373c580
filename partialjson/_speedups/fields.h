/* The state as the plain core names it: what facts, copies, checkpoints and pickles are made of. */
#ifndef PARTIALJSON_FIELDS_H
#define PARTIALJSON_FIELDS_H

#include "steps.h"

#include <structmember.h> /* of 3.11 */

static PyObject *
or_none(PyObject *held)
{
    return Py_NewRef(held ? held : Py_None);
}

static PyObject *
limit(Py_ssize_t most)
{
    return most < 0 ? Py_NewRef(Py_None) : PyLong_FromSsize_t(most);
}

/* -- Levels, as the lists that the plain core keeps -------------------------------------------- */

static PyObject *
of_levels(Core *t, Py_ssize_t first, Py_ssize_t end, PyObject *(*part)(const Level *))
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = first; list && i < end && i <= t->depth; i++) { /* the collector ran */
        PyObject *held = part(&t->levels[i]);
        if (!held || PyList_Append(list, held) < 0)
            Py_CLEAR(list);
        Py_XDECREF(held);
    }
    return list;
}

static PyObject *
container_of(const Level *level)
{
    return Py_NewRef(level->container);
}

static PyObject *
key_of(const Level *level)
{
    return or_none(level->key);
}

static PyObject *
start_of(const Level *level)
{
    return PyLong_FromSsize_t(level->start);
}

static PyObject *
replaces_of(const Level *level)
{
    return PyBool_FromLong(level->replaces);
}

/* Of the open containers, and of the string that grows. */
static PyObject *
of_open_values(Core *t, PyObject *(*part)(const Level *))
{
    if (!t->tells_events)
        return PyList_New(0);
    PyObject *list = of_levels(t, 1, t->depth + 1, part);
    Level string = {.start = t->string_start, .replaces = t->string_replaces};
    PyObject *held = list && is_growing(t) ? part(&string) : NULL;
    if (list && is_growing(t) && (!held || PyList_Append(list, held) < 0))
        Py_CLEAR(list);
    Py_XDECREF(held);
    return list;
}

/* -- Each field by its name -------------------------------------------------------------------- */

typedef PyObject *(*Getter)(Core *, void *);

#define NUMBER_FIELD(name, from)                                                                   \
    static PyObject *get_##name(Core *t, void *Py_UNUSED(closure))                                 \
    {                                                                                              \
        return PyLong_FromSsize_t((Py_ssize_t)(from));                                             \
    }
#define FLAG_FIELD(name, from)                                                                     \
    static PyObject *get_##name(Core *t, void *Py_UNUSED(closure))                                 \
    {                                                                                              \
        return PyBool_FromLong(from);                                                              \
    }
#define FIELD(name, made)                                                                          \
    static PyObject *get_##name(Core *t, void *Py_UNUSED(closure))                                 \
    {                                                                                              \
        return made;                                                                               \
    }

NUMBER_FIELD(at, t->at)
NUMBER_FIELD(consumed, t->consumed)
NUMBER_FIELD(cut, t->cut)
NUMBER_FIELD(gathered_at, t->gathered_at)
NUMBER_FIELD(line, t->line)
NUMBER_FIELD(line_start, t->line_start)
NUMBER_FIELD(max_depth, t->max_depth)
NUMBER_FIELD(max_number, t->max_number)
NUMBER_FIELD(offset, t->consumed + t->carried_length)
NUMBER_FIELD(column, t->consumed + t->carried_length - t->line_start + 1)
FIELD(max_string, limit(t->max_string))
FIELD(max_text, limit(t->max_text))
FLAG_FIELD(at_start, t->at_start)
FLAG_FIELD(closed, t->closed)
FLAG_FIELD(complete, t->at == END)
FLAG_FIELD(names_differ, t->names_differ)
FLAG_FIELD(of_bytes, t->of_bytes)
FLAG_FIELD(open_to_str, t->is_open && !t->of_bytes && t->max_text < 0)
FLAG_FIELD(strings_grow, t->strings_grow)
FLAG_FIELD(tells_names, t->tells_names)
FIELD(base, Py_NewRef(t->base))
FIELD(carried, PyUnicode_FromStringAndSize(t->carried, t->carried_length))
FIELD(container, Py_NewRef(innermost(t)->container))
FIELD(error, or_none(t->error))
FIELD(key, or_none(innermost(t)->key))
FIELD(keys, of_levels(t, 0, t->depth, key_of))
FIELD(parse_float, Py_NewRef(t->parse_float))
FIELD(replaces, of_open_values(t, replaces_of))
FIELD(root, Py_NewRef(t->levels[0].container))
FIELD(slot, innermost(t)->key ? Py_NewRef(innermost(t)->key) : PyLong_FromLong(-1))
FIELD(stack, of_levels(t, 0, t->depth, container_of))
FIELD(starts, of_open_values(t, start_of))
FIELD(undecoded, PyBytes_FromStringAndSize((char *)t->undecoded, t->undecoded_length))

/* None of the string that grows: it is in its container between two deltas. */
static PyObject *
get_gathered(Core *t, void *Py_UNUSED(closure))
{
    const Builder *b = &t->gathered;
    if (!b->length)
        return PyList_New(0);
    return Py_BuildValue("[N]", PyUnicode_FromKindAndData(b->kind, b->data, b->length));
}

static PyObject *
get_events(Core *t, void *Py_UNUSED(closure))
{
    if (!t->events)
        t->events = PyList_New(0);
    return Py_XNewRef(t->events);
}

static int
set_tells_names(Core *t, PyObject *told, void *Py_UNUSED(closure))
{
    t->tells_names = told == Py_True;
    return 0;
}

#define GETTER(name, as) {as, (getter)get_##name, NULL, NULL, NULL}

static PyMemberDef members[] = {
    {"value", T_OBJECT_EX, offsetof(Core, value), READONLY, NULL},
    {NULL},
};

static PyGetSetDef fields[] = {
    GETTER(events, "last_events"),
    GETTER(error, "error"),
    GETTER(complete, "complete"),
    GETTER(offset, "offset"),
    GETTER(line, "line"),
    GETTER(column, "column"),
    GETTER(at, "_at"),
    GETTER(at_start, "_at_start"),
    GETTER(base, "_base"),
    GETTER(carried, "_carried"),
    GETTER(closed, "_closed"),
    GETTER(consumed, "_consumed"),
    GETTER(container, "_container"),
    GETTER(cut, "_cut"),
    GETTER(gathered, "_gathered"),
    GETTER(gathered_at, "_gathered_at"),
    GETTER(key, "_key"),
    GETTER(keys, "_keys"),
    GETTER(line, "_line"),
    GETTER(line_start, "_line_start"),
    GETTER(max_depth, "_max_depth"),
    GETTER(max_number, "_max_number"),
    GETTER(max_string, "_max_string"),
    GETTER(max_text, "_max_text"),
    GETTER(names_differ, "_names_differ"),
    GETTER(of_bytes, "_of_bytes"),
    GETTER(open_to_str, "_open_to_str"),
    GETTER(parse_float, "_parse_float"),
    GETTER(replaces, "_replaces"),
    GETTER(root, "_root"),
    GETTER(slot, "_slot"),
    GETTER(stack, "_stack"),
    GETTER(starts, "_starts"),
    GETTER(strings_grow, "_strings_grow"),
    {"_tells_names", (getter)get_tells_names, (setter)set_tells_names, NULL, NULL},
    GETTER(undecoded, "_undecoded"),
    {NULL},
};

#endif
