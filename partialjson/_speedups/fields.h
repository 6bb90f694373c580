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

/* -- Levels, as the lists that the plain core keeps --------------------------------------------- */

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

/* -- Each field by its name --------------------------------------------------------------------- */

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

/* -- Taking up a state -------------------------------------------------------------------------- */

/* A field of the state, borrowed, and of this type; NULL with an exception. */
static PyObject *
field(PyObject *state, const char *name, PyTypeObject *type)
{
    PyObject *held = PyDict_GetItemString(state, name);
    if (held && (!type || Py_IS_TYPE(held, type)))
        return held;
    PyErr_Format(PyExc_ValueError, "no state of a parser: %s", name);
    return NULL;
}

static int
take_number(PyObject *state, const char *name, Py_ssize_t *number)
{
    PyObject *held = field(state, name, NULL);
    if (held == Py_None)
        *number = -1;
    else if (held)
        *number = PyNumber_AsSsize_t(held, NULL); /* a limit may be any, this is the same to us */
    return held && !PyErr_Occurred() ? 0 : -1;
}

static int
take_flag(PyObject *state, const char *name, char *flag)
{
    PyObject *held = field(state, name, &PyBool_Type);
    *flag = held == Py_True;
    return held ? 0 : -1;
}

static int
take_numbers(Core *t, PyObject *state)
{
    Py_ssize_t at;
    if (take_number(state, "_at", &at) < 0 || take_number(state, "_consumed", &t->consumed) < 0
        || take_number(state, "_cut", &t->cut) < 0
        || take_number(state, "_gathered_at", &t->gathered_at) < 0
        || take_number(state, "_line", &t->line) < 0
        || take_number(state, "_line_start", &t->line_start) < 0
        || take_number(state, "_max_depth", &t->max_depth) < 0
        || take_number(state, "_max_number", &t->max_number) < 0
        || take_number(state, "_max_string", &t->max_string) < 0
        || take_number(state, "_max_text", &t->max_text) < 0)
        return -1;
    if (at < 0 || at >= POSITIONS) {
        PyErr_SetString(PyExc_ValueError, "no state of a parser: _at");
        return -1;
    }
    t->at = (int)at;
    return 0;
}

static int
take_flags(Core *t, PyObject *state)
{
    return take_flag(state, "_at_start", &t->at_start)
           || take_flag(state, "_closed", &t->closed)
           || take_flag(state, "_names_differ", &t->names_differ)
           || take_flag(state, "_of_bytes", &t->of_bytes)
           || take_flag(state, "_strings_grow", &t->strings_grow)
           || take_flag(state, "_tells_names", &t->tells_names);
}

static int
take_carried(Core *t, PyObject *state)
{
    PyObject *carried = field(state, "_carried", &PyUnicode_Type);
    PyObject *undecoded = field(state, "_undecoded", &PyBytes_Type);
    if (!carried || !undecoded || !PyUnicode_IS_ASCII(carried)
        || PyBytes_GET_SIZE(undecoded) >= (Py_ssize_t)sizeof t->undecoded) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no state of a parser: _carried");
        return -1;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(carried);
    while (length >= t->room_for_carried)
        if (more_carried(t) < 0)
            return -1;
    memcpy(t->carried, PyUnicode_DATA(carried), (size_t)length);
    t->carried_length = length;
    t->undecoded_length = (int)PyBytes_GET_SIZE(undecoded);
    memcpy(t->undecoded, PyBytes_AS_STRING(undecoded), (size_t)t->undecoded_length);
    return 0;
}

static int
take_gathered(Core *t, PyObject *state)
{
    PyObject *pieces = field(state, "_gathered", &PyList_Type);
    clear(&t->gathered);
    for (Py_ssize_t i = 0; pieces && i < PyList_GET_SIZE(pieces); i++) {
        PyObject *piece = PyList_GET_ITEM(pieces, i);
        if (!PyUnicode_CheckExact(piece)) {
            PyErr_SetString(PyExc_ValueError, "no state of a parser: _gathered");
            return -1;
        }
        if (add(&t->gathered, PyUnicode_KIND(piece), PyUnicode_DATA(piece),
                PyUnicode_GET_LENGTH(piece)) < 0)
            return -1;
    }
    return pieces ? 0 : -1;
}

static void
drop_levels(Core *t)
{
    for (; t->depth >= 0; t->depth--) {
        Level *level = innermost(t);
        Py_CLEAR(level->container);
        Py_CLEAR(level->key);
    }
}

/* Of `(container, key, start, replaces)` for each level, the root list first. */
static int
take_levels(Core *t, PyObject *levels)
{
    drop_levels(t);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(levels); i++) {
        PyObject *container, *key;
        Py_ssize_t start;
        int replaces;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(levels, i), "OOnp", &container, &key, &start,
                              &replaces))
            return -1;
        int is_list = PyList_CheckExact(container);
        int fits = is_list ? key == Py_None : i && PyDict_CheckExact(container);
        if (!fits || (key != Py_None && !PyUnicode_CheckExact(key))) {
            PyErr_SetString(PyExc_ValueError, "no state of a parser: _keys");
            return -1;
        }
        if (push(t, Py_NewRef(container), start, replaces) < 0)
            return -1;
        innermost(t)->key = key == Py_None ? NULL : Py_NewRef(key);
    }
    return 0;
}

/* The string that grows, from its container. */
static int
take_string(Core *t)
{
    Level *level = innermost(t);
    PyObject *string = NULL;
    if (t->in_object)
        string = level->key ? PyDict_GetItemWithError(level->container, level->key) : NULL;
    else if (PyList_GET_SIZE(level->container))
        string = PyList_GET_ITEM(level->container, PyList_GET_SIZE(level->container) - 1);
    if (!string || !PyUnicode_CheckExact(string)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no state of a parser: _container");
        return -1;
    }
    Py_XSETREF(t->string, Py_NewRef(string));
    return 0;
}

/* `_take_up(state, levels, prefix, growing, start, replaces)`: what `__setstate__` has made of the
 * plain core's names; the last three are of the string that grows, or of none. */
static PyObject *
take_up(Core *t, PyObject *arguments)
{
    PyObject *state, *levels, *prefix, *growing;
    int replaces;
    if (!PyArg_ParseTuple(arguments, "O!O!O!O!np", &PyDict_Type, &state, &PyList_Type, &levels,
                          &PyTuple_Type, &prefix, &PyTuple_Type, &growing, &t->string_start,
                          &replaces))
        return NULL;
    PyObject *base = field(state, "_base", &PyTuple_Type), *events, *error;
    PyObject *parse_float = base ? field(state, "_parse_float", NULL) : NULL;
    events = parse_float ? field(state, "last_events", &PyList_Type) : NULL;
    error = events ? field(state, "error", NULL) : NULL;
    t->is_open = 0;
    if (!error || !PyList_GET_SIZE(levels) || take_levels(t, levels) < 0
        || take_numbers(t, state) < 0 || take_flags(t, state) || take_carried(t, state) < 0
        || take_gathered(t, state) < 0 || (is_growing(t) && take_string(t) < 0))
        return NULL;
    Py_XSETREF(t->parse_float, Py_NewRef(parse_float));
    Py_XSETREF(t->events, Py_NewRef(events));
    Py_XSETREF(t->error, error == Py_None ? NULL : Py_NewRef(error));
    PyObject *root = t->levels[0].container;
    if (!PyList_GET_SIZE(root)) {
        PyErr_SetString(PyExc_ValueError, "no state of a parser: _root");
        return NULL;
    }
    Py_SETREF(t->value, Py_NewRef(PyList_GET_ITEM(root, PyList_GET_SIZE(root) - 1)));
    Py_XSETREF(t->base, Py_NewRef(base));
    Py_XSETREF(t->prefix, Py_NewRef(prefix));
    Py_XSETREF(t->growing, Py_NewRef(growing));
    t->string_replaces = (char)replaces;
    t->is_reading = 0;
    t->is_open = !t->error && !t->closed;
    Py_RETURN_NONE;
}

#endif
