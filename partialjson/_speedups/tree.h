/* The live value, built in place, and the events that tell of it: `Tree` and `Parser`. */
#ifndef PARTIALJSON_TREE_H
#define PARTIALJSON_TREE_H

#include "text.h"
#include <stddef.h>

/* -- What the module holds for all parsers ----------------------------------------------------- */

/* A class of `partialjson.events`, and where its instances keep what. */
typedef struct {
    PyTypeObject *type;
    Py_ssize_t path, kind, replaces, text, value, start, end;
} EventClass;

static EventClass value_start, string_delta, value_end;
static PyObject *kind_names[KINDS];
static PyObject *no_path;

/* Equal names are one object: a record's names would else be most of its memory. Bounded, so that
 * names which are data rather than a schema cost no more than this. */
#define NAMES_SHARED 1024 /* 2 to the 64 - 54 */
#define LONGEST_SHARED 40
static PyObject *names[NAMES_SHARED];

static PyObject *
shared_name(const Py_UCS1 *ascii, Py_ssize_t length)
{
    uint64_t hash = (uint64_t)length, eight;
    Py_ssize_t i = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&eight, ascii + i, 8);
        hash = (hash ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
    }
    for (eight = 0; i < length; i++)
        eight = eight << 8 | ascii[i];
    hash = (hash ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
    PyObject **place = &names[hash >> 54]; /* one of 1,024 */
    if (*place && PyUnicode_GET_LENGTH(*place) == length
        && !memcmp(PyUnicode_1BYTE_DATA(*place), ascii, (size_t)length))
        return Py_NewRef(*place);
    PyObject *name = ascii_string(ascii, length);
    if (name)
        Py_XSETREF(*place, Py_NewRef(name));
    return name;
}

/* -- Events ------------------------------------------------------------------------------------ */

INLINE void
set(PyObject *event, Py_ssize_t offset, PyObject *held)
{
    *(PyObject **)((char *)event + offset) = held;
}

/* `event` may be NULL, which is passed on as BROKEN; it is taken over. */
static Status
tell(Core *t, PyObject *event)
{
    if (!event)
        return BROKEN;
    if (!t->events)
        t->events = PyList_New(0);
    Status status = t->events && PyList_Append(t->events, event) == 0 ? OK : BROKEN;
    Py_DECREF(event);
    return status;
}

/* Not tracked by the collector: all of its slots are to be set, and what tells of no container can
 * be in no cycle. */
INLINE PyObject *
new_event(const EventClass *class, PyObject *path)
{
    PyObject *event = PyObject_GC_New(PyObject, class->type);
    if (event)
        set(event, class->path, Py_NewRef(path));
    return event;
}

static Status
tell_start(Core *t, PyObject *path, Kind kind, int replaces)
{
    PyObject *event = new_event(&value_start, path);
    if (event) {
        set(event, value_start.kind, Py_NewRef(kind_names[kind]));
        set(event, value_start.replaces, Py_NewRef(replaces ? Py_True : Py_False));
    }
    return tell(t, event);
}

static Status
tell_delta(Core *t, PyObject *path, PyObject *text)
{
    PyObject *event = new_event(&string_delta, path);
    if (event)
        set(event, string_delta.text, Py_NewRef(text));
    return tell(t, event);
}

static Status
tell_end(Core *t, PyObject *path, Kind kind, PyObject *value, Py_ssize_t start, Py_ssize_t end,
         int replaces)
{
    PyObject *first = PyLong_FromSsize_t(start), *last = PyLong_FromSsize_t(end);
    PyObject *event = first && last ? new_event(&value_end, path) : NULL;
    if (!event) {
        Py_XDECREF(first);
        Py_XDECREF(last);
        return BROKEN;
    }
    set(event, value_end.kind, Py_NewRef(kind_names[kind]));
    set(event, value_end.value, Py_NewRef(value));
    set(event, value_end.replaces, Py_NewRef(replaces ? Py_True : Py_False));
    set(event, value_end.start, first);
    set(event, value_end.end, last);
    if (kind <= ARRAY || kind == NUMBER) /* `parse_float` may make anything */
        PyObject_GC_Track(event);
    return tell(t, event);
}

/* The path of the value that comes. */
static PyObject *
path_here(Core *t)
{
    Level *level = innermost(t);
    if (!t->depth)
        return Py_NewRef(t->prefix);
    Py_ssize_t length = PyTuple_GET_SIZE(t->prefix);
    PyObject *path = PyTuple_New(length + 1);
    if (!path)
        return NULL;
    for (Py_ssize_t i = 0; i < length; i++)
        PyTuple_SET_ITEM(path, i, Py_NewRef(PyTuple_GET_ITEM(t->prefix, i)));
    PyObject *key = t->in_object ? Py_NewRef(level->key)
                                 : PyLong_FromSsize_t(PyList_GET_SIZE(level->container));
    if (!key)
        Py_CLEAR(path);
    else
        PyTuple_SET_ITEM(path, length, key);
    return path;
}

/* -- The tree ---------------------------------------------------------------------------------- */

INLINE Status
put(Core *t, PyObject *value)
{
    Level *level = innermost(t);
    int failed = t->in_object ? PyDict_SetItem(level->container, level->key, value)
                              : PyList_Append(level->container, value);
    if (!t->depth)
        Py_SETREF(t->value, Py_NewRef(value));
    return failed ? BROKEN : OK;
}

/* Whether the value that comes takes the place of another; -1 with an exception. */
INLINE int
is_repeated(Core *t)
{
    Level *level = innermost(t);
    return t->in_object ? PyDict_Contains(level->container, level->key) : 0;
}

NEVER_INLINE Status
put_and_tell(Core *t, Kind kind, PyObject *value, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *path = path_here(t);
    int replaces = path ? is_repeated(t) : -1;
    Status status = replaces < 0 ? BROKEN : put(t, value);
    if (status == OK)
        status = tell_end(t, path, kind, value, start, end, replaces);
    Py_XDECREF(path);
    return status;
}

/* A value that arrived whole; it is taken over, and NULL is passed on. */
INLINE Status
atom(Core *t, Kind kind, PyObject *value, Py_ssize_t start, Py_ssize_t end)
{
    if (!value)
        return BROKEN;
    Status status =
        t->tells_events ? put_and_tell(t, kind, value, start, end) : put(t, value);
    Py_DECREF(value);
    t->at = after(t);
    return status;
}

/* A string that grows arrived whole. */
NEVER_INLINE Status
string_and_tell(Core *t, PyObject *value, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *path = path_here(t);
    int replaces = path ? is_repeated(t) : -1;
    Status status = replaces < 0 ? BROKEN : tell_start(t, path, STRING, replaces);
    if (status == OK && PyUnicode_GET_LENGTH(value))
        status = tell_delta(t, path, value);
    if (status == OK)
        status = put(t, value);
    if (status == OK)
        status = tell_end(t, path, STRING, value, start, end, replaces);
    Py_XDECREF(path);
    t->at = after(t);
    return status;
}

static Status
more_levels(Core *t)
{
    Py_ssize_t room = t->room_for_levels * 2;
    Level *levels = moved(t->levels, t->first_levels, sizeof t->first_levels,
                          (size_t)room * sizeof(Level));
    if (!levels)
        return BROKEN;
    t->levels = levels;
    t->room_for_levels = room;
    return OK;
}

/* The container, taken over, becomes the innermost one. */
static Status
push(Core *t, PyObject *container, Py_ssize_t start, int replaces)
{
    if (t->depth + 1 == t->room_for_levels && more_levels(t) < 0) {
        Py_DECREF(container);
        return BROKEN;
    }
    t->levels[++t->depth] = (Level){container, NULL, start, replaces};
    t->in_object = PyDict_CheckExact(container);
    return OK;
}

static Status
begin_container(Core *t, Kind kind, Py_ssize_t start)
{
    PyObject *container = kind == OBJECT ? PyDict_New() : PyList_New(0), *path = NULL;
    Status status = container ? OK : BROKEN;
    int replaces = 0;
    if (status == OK && t->tells_events) {
        path = path_here(t);
        replaces = path ? is_repeated(t) : -1;
        status = replaces < 0 ? BROKEN : tell_start(t, path, kind, replaces);
    }
    if (status == OK)
        status = put(t, container);
    if (status != OK) {
        Py_XDECREF(container);
        Py_XDECREF(path);
        return status;
    }
    if (path)
        Py_SETREF(t->prefix, path);
    t->cut = start + 1;
    t->at = kind == OBJECT ? FIRST_NAME : FIRST_ELEMENT;
    return push(t, container, start, replaces);
}

/* To that of the container around. All of them would cost the square of the depth. */
static Status
shorten_prefix(Core *t)
{
    PyObject *path = PyTuple_GetSlice(t->prefix, 0, PyTuple_GET_SIZE(t->prefix) - 1);
    if (!path)
        return BROKEN;
    Py_SETREF(t->prefix, path);
    return OK;
}

static Status
end_container(Core *t, Py_ssize_t end)
{
    Level level = t->levels[t->depth--];
    Status status = OK;
    if (t->tells_events)
        status = tell_end(t, t->prefix, t->in_object ? OBJECT : ARRAY, level.container,
                          level.start, end, level.replaces);
    if (status == OK && t->tells_events && t->depth)
        status = shorten_prefix(t);
    t->in_object = PyDict_CheckExact(innermost(t)->container);
    t->at = after(t);
    Py_DECREF(level.container);
    Py_XDECREF(level.key);
    return status;
}

/* -- A string that grows ----------------------------------------------------------------------- */

static Status
begin_growing(Core *t, Py_ssize_t start)
{
    t->string_start = start;
    Py_CLEAR(t->string);
    t->at = IN_STRING;
    if (!t->tells_events)
        return OK;
    Py_XSETREF(t->growing, path_here(t));
    int replaces = t->growing ? is_repeated(t) : -1;
    t->string_replaces = replaces > 0;
    return replaces < 0 ? BROKEN : tell_start(t, t->growing, STRING, replaces);
}

/* What stands in the place of the string that grows. */
static Status
replace(Core *t, PyObject *held)
{
    Level *level = innermost(t);
    if (!t->depth)
        Py_SETREF(t->value, Py_NewRef(held));
    if (t->in_object)
        return PyDict_SetItem(level->container, level->key, held) < 0 ? BROKEN : OK;
    Py_ssize_t last = PyList_GET_SIZE(level->container) - 1;
    return PyList_SetItem(level->container, last, Py_NewRef(held)) < 0 ? BROKEN : OK;
}

/* -- Growing in place, where nobody can see it ------------------------------------------------- */

INLINE void
set_length(PyObject *string, Py_ssize_t length)
{
#if PY_VERSION_HEX < 0x030c0000
    if (((PyASCIIObject *)string)->wstr && !PyUnicode_IS_ASCII(string))
        ((PyCompactUnicodeObject *)string)->wstr_length = length;
#endif
    ((PyASCIIObject *)string)->length = length;
    ((PyASCIIObject *)string)->hash = -1;
    PyUnicode_WRITE(PyUnicode_KIND(string), PyUnicode_DATA(string), length, 0);
}

/* Whether CPython keeps another form of the string, which would have to grow with it. In 3.11 that
 * may be the string itself, where its characters are as wide as `wchar_t`. */
INLINE int
has_another_form(PyObject *string)
{
#if PY_VERSION_HEX < 0x030c0000
    const void *wide = ((PyASCIIObject *)string)->wstr;
    if (wide && wide != PyUnicode_DATA(string))
        return 1;
#endif
    return !PyUnicode_IS_ASCII(string) && ((PyCompactUnicodeObject *)string)->utf8;
}

/* Whether its container still has the string: who took it out holds a reference in its stead. */
INLINE int
is_in_place(Core *t)
{
    Level *level = innermost(t);
    if (t->in_object)
        return PyDict_GetItemWithError(level->container, level->key) == t->string;
    Py_ssize_t size = PyList_GET_SIZE(level->container);
    return size && PyList_GET_ITEM(level->container, size - 1) == t->string;
}

/* Whether nobody but its container and this state holds the string, who could see it change. */
INLINE int
is_alone(Core *t)
{
    Py_ssize_t held = t->depth ? 2 : 3; /* at the root it is also `value` */
    return Py_REFCNT(t->string) == held && is_in_place(t) && !PyUnicode_CHECK_INTERNED(t->string);
}

/* Whether the string stays as wide as it is. */
INLINE int
fits(PyObject *string, int kind, const void *data, Py_ssize_t length)
{
    if (has_another_form(string))
        return 0;
    return PyUnicode_IS_ASCII(string) ? kind == ONE_BYTE && is_ascii(data, length)
                                      : kind <= (int)PyUnicode_KIND(string);
}

#define LEAST_ROOM 32

/* Room behind the string for so many characters more, and for an eighth of what there is. The
 * container lets go of it first: CPython resizes in place where there is one reference alone. */
NEVER_INLINE Status
make_room_behind(Core *t, Py_ssize_t more)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(t->string);
    t->room = more + length / 8 + LEAST_ROOM;
    if (replace(t, Py_None) < 0 || PyUnicode_Resize(&t->string, length + t->room) < 0)
        return BROKEN;
    set_length(t->string, length);
    return replace(t, t->string);
}

/* CPython appends in place, too, where the container has let go of the string: else each delta
 * would copy all that came before it. */
static Status
append(Core *t, int kind, const void *data, Py_ssize_t length)
{
    PyObject *piece = PyUnicode_FromKindAndData(kind, data, length);
    if (!piece || replace(t, Py_None) < 0) {
        Py_XDECREF(piece);
        return BROKEN;
    }
    PyUnicode_Append(&t->string, piece);
    Py_DECREF(piece);
    t->room = 0;
    return t->string ? replace(t, t->string) : BROKEN;
}

/* Most deltas are written behind the end: no object is made, and the container is not looked at.
 * 38 ns for a delta of four characters in an object instead of 70. */
INLINE Status
grow(Core *t, int kind, const void *data, Py_ssize_t more)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(t->string);
    if (!length || !fits(t->string, kind, data, more))
        return append(t, kind, data, more);
    if ((more > t->room || !is_alone(t)) && make_room_behind(t, more) < 0)
        return BROKEN;
    write_characters(PyUnicode_DATA(t->string), PyUnicode_KIND(t->string), length, data, kind,
                     more);
    set_length(t->string, length + more);
    t->room -= more;
    return OK;
}

/* The string is put into its container, with the characters that came; perhaps none. */
static Status
show_first(Core *t, const Builder *b)
{
    int has_room = b->kind == ONE_BYTE && b->length && is_ascii(b->data, b->length);
    t->room = has_room ? LEAST_ROOM : 0;
    t->string = has_room ? PyUnicode_New(b->length + t->room, 127)
                         : PyUnicode_FromKindAndData(b->kind, b->data, b->length);
    if (!t->string)
        return BROKEN;
    if (has_room) {
        memcpy(PyUnicode_1BYTE_DATA(t->string), b->data, (size_t)b->length);
        set_length(t->string, b->length);
    }
    return put(t, t->string);
}

/* What was gathered of the string becomes visible. */
static Status
show(Core *t)
{
    Builder *b = &t->gathered;
    if (t->string && !b->length)
        return OK;
    Status status = t->string ? grow(t, b->kind, b->data, b->length) : show_first(t, b);
    if (status == OK && t->tells_events && b->length) {
        PyObject *piece = PyUnicode_FromKindAndData(b->kind, b->data, b->length);
        status = piece ? tell_delta(t, t->growing, piece) : BROKEN;
        Py_XDECREF(piece);
    }
    clear(b);
    return status;
}

static Status
end_growing(Core *t, Py_ssize_t end)
{
    if (show(t) < 0)
        return BROKEN;
    t->at = after(t);
    Status status = OK;
    if (t->tells_events)
        status = tell_end(t, t->growing, STRING, t->string, t->string_start, end,
                          t->string_replaces);
    Py_CLEAR(t->string);
    return status;
}

/* A copy of the value that later deltas never change: what is open is copied one level deep. */
static PyObject *
spine(Core *t)
{
    PyObject *child = NULL;
    for (Py_ssize_t depth = t->depth; depth >= 0; depth--) {
        PyObject *container = t->levels[depth].container, *copy;
        Py_ssize_t size = PyDict_CheckExact(container) ? 0 : PyList_GET_SIZE(container);
        copy = PyDict_CheckExact(container) ? PyDict_Copy(container)
                                            : PyList_GetSlice(container, 0, size);
        if (copy && child) {
            int failed = PyDict_CheckExact(copy)
                             ? PyDict_SetItem(copy, t->levels[depth].key, child)
                             : PyList_SetItem(copy, size - 1, Py_NewRef(child));
            if (failed)
                Py_CLEAR(copy);
        }
        Py_XDECREF(child);
        if (!copy)
            return NULL;
        child = copy;
    }
    Py_ssize_t size = PyList_GET_SIZE(child); /* none where the collector has cleared */
    PyObject *value = Py_NewRef(size ? PyList_GET_ITEM(child, size - 1) : Py_None);
    Py_DECREF(child);
    return value;
}

#endif
