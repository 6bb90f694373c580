/* Taking up a state: of a copy, a checkpoint or a pickle, or where the plain core has read.
 *
 * Nothing is believed. Whoever reads on here trusts in the position, in the open containers and in
 * what is carried, so a state that does not hold together is refused.
 */
#ifndef PARTIALJSON_STATES_H
#define PARTIALJSON_STATES_H

#include "fields.h"

static PyObject *half_read; /* the error of a parser whose state could not be taken up, or told */

/* -- Field by field ---------------------------------------------------------------------------- */

/* A field of the state, borrowed, and of this type; NULL with an exception. */
static PyObject *
field(PyObject *state, const char *name, PyTypeObject *type)
{
    PyObject *key = PyUnicode_FromString(name);
    PyObject *held = key ? PyDict_GetItemWithError(state, key) : NULL;
    Py_XDECREF(key);
    if (held && (!type || Py_IS_TYPE(held, type)))
        return held;
    if (!PyErr_Occurred())
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
    int failed = take_flag(state, "_at_start", &t->at_start)
                 || take_flag(state, "_closed", &t->closed)
                 || take_flag(state, "_names_differ", &t->names_differ)
                 || take_flag(state, "_of_bytes", &t->of_bytes)
                 || take_flag(state, "_strings_grow", &t->strings_grow)
                 || take_flag(state, "_tells_names", &t->tells_names);
    return failed ? -1 : 0;
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
    t->carried[length] = 0;
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
        if (PyUnicode_GET_LENGTH(piece)
            && add(&t->gathered, PyUnicode_KIND(piece), PyUnicode_DATA(piece),
                   PyUnicode_GET_LENGTH(piece)) < 0)
            return -1;
    }
    return pieces ? 0 : -1;
}

/* -- The open containers ----------------------------------------------------------------------- */

static void
drop_levels(Core *t)
{
    for (; t->depth >= 0; t->depth--) {
        Level *level = innermost(t);
        Py_CLEAR(level->container);
        Py_CLEAR(level->key);
    }
}

/* Of `(container, key, start, replaces)`; only the innermost object may lack a key. */
static int
is_level(PyObject *level, int is_first, int is_last)
{
    if (!PyTuple_CheckExact(level) || PyTuple_GET_SIZE(level) != 4)
        return 0;
    PyObject *container = PyTuple_GET_ITEM(level, 0), *key = PyTuple_GET_ITEM(level, 1);
    int is_list = PyList_CheckExact(container);
    int fits_a_list = is_list && key == Py_None && (!is_first || PyList_GET_SIZE(container));
    int fits_a_dict = !is_first && (PyUnicode_CheckExact(key) || (is_last && key == Py_None));
    int fits = fits_a_list || (PyDict_CheckExact(container) && fits_a_dict);
    return fits && PyLong_CheckExact(PyTuple_GET_ITEM(level, 2))
           && PyBool_Check(PyTuple_GET_ITEM(level, 3));
}

/* The root list first. At no moment is there none: all is looked at before, and has its room. */
static int
take_levels(Core *t, PyObject *levels)
{
    Py_ssize_t count = PyList_GET_SIZE(levels);
    int fit = count > 0;
    for (Py_ssize_t i = 0; fit && i < count; i++)
        fit = is_level(PyList_GET_ITEM(levels, i), i == 0, i == count - 1);
    if (!fit) {
        PyErr_SetString(PyExc_ValueError, "no state of a parser: _keys");
        return -1;
    }
    while (t->room_for_levels < count)
        if (more_levels(t) < 0)
            return -1;
    drop_levels(t);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *level = PyList_GET_ITEM(levels, i), *key = PyTuple_GET_ITEM(level, 1);
        push(t, Py_NewRef(PyTuple_GET_ITEM(level, 0)),
             PyNumber_AsSsize_t(PyTuple_GET_ITEM(level, 2), NULL),
             PyTuple_GET_ITEM(level, 3) == Py_True);
        innermost(t)->key = key == Py_None ? NULL : Py_NewRef(key);
    }
    PyObject *root = t->levels[0].container;
    Py_SETREF(t->value, Py_NewRef(PyList_GET_ITEM(root, PyList_GET_SIZE(root) - 1)));
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
    t->room = 0;
    return 0;
}

/* -- Does it hold together? -------------------------------------------------------------------- */

static int
is_position_here(Core *t)
{
    const int in_a_value = 1 << VALUE | 1 << IN_STRING | 1 << IN_ESCAPE | 1 << IN_WHOLE_STRING;
    const int at_a_name = 1 << FIRST_NAME | 1 << NAME | 1 << IN_NAME | 1 << AFTER_MEMBER;
    int may_be = !t->depth                ? in_a_value | 1 << END
                 : !t->in_object          ? in_a_value | 1 << FIRST_ELEMENT | 1 << AFTER_ELEMENT
                 : innermost(t)->key      ? in_a_value | at_a_name | 1 << NAME_SEPARATOR
                                          : at_a_name;
    return may_be >> t->at & 1;
}

/* Whether what is carried is the beginning of something that may stand here. */
static int
is_carried_here(Core *t)
{
    Py_UCS4 c;
    Number n;
    if (!t->carried_length)
        return t->at != IN_ESCAPE;
    if (t->at >= IN_NAME)
        return t->carried_length < LONGEST_ESCAPE
               && !read_escape(t->carried, (int)t->carried_length, &c);
    if (t->at > FIRST_ELEMENT)
        return 0;
    static const char *const WORDS[] = {"true", "false", "null", NULL};
    for (const char *const *word = WORDS; *word; word++)
        if (t->carried_length < (Py_ssize_t)strlen(*word)
            && !memcmp(t->carried, *word, (size_t)t->carried_length))
            return 1;
    read_number(t->carried, &n);
    return n.length == t->carried_length;
}

static int
is_sound(Core *t)
{
    if (is_position_here(t) && is_carried_here(t))
        return 1;
    PyErr_SetString(PyExc_ValueError, "no state of a parser: its position is not one in its value");
    return 0;
}

static int
take_state(Core *t, PyObject *state, PyObject *levels)
{
    PyObject *base = field(state, "_base", &PyTuple_Type), *events, *error;
    PyObject *parse_float = base ? field(state, "_parse_float", NULL) : NULL;
    events = parse_float ? field(state, "last_events", &PyList_Type) : NULL;
    error = events ? field(state, "error", NULL) : NULL;
    if (!error || take_levels(t, levels) < 0 || take_numbers(t, state) < 0
        || take_flags(t, state) < 0 || take_carried(t, state) < 0 || take_gathered(t, state) < 0)
        return -1;
    int goes_on = error == Py_None && !t->closed;
    Py_CLEAR(t->string);
    if (goes_on && (!is_sound(t) || (is_growing(t) && take_string(t) < 0)))
        return -1;
    Py_XSETREF(t->parse_float, Py_NewRef(parse_float));
    Py_XSETREF(t->events, Py_NewRef(events));
    Py_XSETREF(t->base, Py_NewRef(base));
    Py_XSETREF(t->error, error == Py_None ? NULL : Py_NewRef(error));
    t->is_open = (char)goes_on;
    return 0;
}

static void
refuse_inside(void)
{
    PyErr_SetString(PyExc_RuntimeError, "feed() inside feed(): the parser is reading a piece");
}

/* A state is taken up between two deltas, not in the middle of one: by `parse_float`, a finalizer
 * or another thread. */
static int
is_reading(Core *t)
{
    if (t->is_reading)
        refuse_inside();
    return t->is_reading;
}

/* `_take_up(state, levels, prefix, growing, start, replaces)`: what `__setstate__` has made of the
 * plain core's names; the last three are of the string that grows, or of none. */
static PyObject *
take_up(Core *t, PyObject *arguments)
{
    PyObject *given, *levels, *prefix, *growing;
    Py_ssize_t start;
    int replaces;
    if (is_reading(t)
        || !PyArg_ParseTuple(arguments, "O!O!O!O!np", &PyDict_Type, &given, &PyList_Type, &levels,
                             &PyTuple_Type, &prefix, &PyTuple_Type, &growing, &start, &replaces))
        return NULL;
    /* What is let go of may run code, which must not find half a state, nor change the new one. */
    PyObject *state = PyDict_Copy(given);
    PyObject *before = of_levels(t, 0, t->depth + 1, container_of);
    t->is_open = 0;
    t->is_reading = 1;
    Py_XSETREF(t->error, Py_NewRef(half_read));
    int failed = !state || !before || take_state(t, state, levels) < 0;
    if (!failed) {
        Py_XSETREF(t->prefix, Py_NewRef(prefix));
        Py_XSETREF(t->growing, Py_NewRef(growing));
        t->string_start = start;
        t->string_replaces = (char)replaces;
    }
    t->is_reading = 0;
    Py_XDECREF(state);
    Py_XDECREF(before);
    return failed ? NULL : Py_NewRef(Py_None);
}

#endif
