/* `Parser` and `LiveValue` in C: what flows in and out, and how an object is made and let go.
 *
 * Only what is right is read here. Where a step declines, the plain core goes on with the rest of
 * the delta from the same state: so both have the same errors, in the same words, at the same
 * offsets. `__init__.py` adds what is seldom asked for, in Python.
 */
#include "states.h"

/* -- Making and letting go --------------------------------------------------------------------- */

static PyObject *read_plainly, *broken_off, *exactly, *refuse, *choose; /* methods in Python */

static PyObject *
make(PyTypeObject *type, int tells_events)
{
    Core *t = (Core *)type->tp_alloc(type, 0);
    if (!t)
        return NULL;
    t->tells_events = (char)tells_events;
    t->at = VALUE;
    t->is_open = t->at_start = t->strings_grow = 1;
    t->line = 1;
    t->max_depth = 400;
    t->max_number = 4300;
    t->max_string = t->max_text = -1;
    t->levels = t->first_levels;
    t->room_for_levels = FIRST_LEVELS;
    t->carried = t->first_carried;
    t->room_for_carried = FIRST_CARRIED;
    t->gathered.kind = ONE_BYTE;
    t->parse_float = Py_NewRef(&PyFloat_Type);
    t->value = Py_NewRef(Py_None);
    t->depth = -1;
    t->base = Py_NewRef(no_path);
    t->prefix = Py_NewRef(no_path);
    PyObject *root = PyList_New(1);
    if (!root || push(t, root, 0, 0) < 0) {
        Py_DECREF(t);
        return NULL;
    }
    PyList_SET_ITEM(root, 0, Py_NewRef(Py_None));
    return (PyObject *)t;
}

static PyObject *
make_parser(PyTypeObject *type, PyObject *Py_UNUSED(arguments), PyObject *Py_UNUSED(options))
{
    return make(type, 1);
}

static PyObject *
make_live_value(PyTypeObject *type, PyObject *Py_UNUSED(arguments), PyObject *Py_UNUSED(options))
{
    return make(type, 0);
}

/* A limit that can be one; `None` where it may be missing. */
static int
choose_limit(PyObject *given, Py_ssize_t *limit, int may_be_none)
{
    if (given == Py_None && may_be_none)
        return 1;
    *limit = PyLong_CheckExact(given) ? PyLong_AsSsize_t(given) : -1;
    PyErr_Clear();
    return *limit >= 0;
}

/* One of two words; the first is what it is anyway. */
static int
choose_word(PyObject *given, const char *first, const char *second, char *is_first)
{
    if (!PyUnicode_CheckExact(given))
        return 0;
    *is_first = !PyUnicode_CompareWithASCIIString(given, first);
    return *is_first || !PyUnicode_CompareWithASCIIString(given, second);
}

/* Whether the option is what it should be. */
static int
choose_one(Core *t, PyObject *name, PyObject *given)
{
    char is_last;
    if (!PyUnicode_CompareWithASCIIString(name, "strings"))
        return choose_word(given, "growing", "whole", &t->strings_grow);
    if (!PyUnicode_CompareWithASCIIString(name, "duplicate_names")) {
        int is_known = choose_word(given, "last", "error", &is_last);
        t->names_differ = is_known && !is_last;
        return is_known;
    }
    if (!PyUnicode_CompareWithASCIIString(name, "parse_float")) {
        Py_SETREF(t->parse_float, Py_NewRef(given));
        return 1;
    }
    if (!PyUnicode_CompareWithASCIIString(name, "max_depth"))
        return choose_limit(given, &t->max_depth, 0);
    if (!PyUnicode_CompareWithASCIIString(name, "max_number"))
        return choose_limit(given, &t->max_number, 0);
    if (!PyUnicode_CompareWithASCIIString(name, "max_string"))
        return choose_limit(given, &t->max_string, 1);
    return !PyUnicode_CompareWithASCIIString(name, "max_text")
           && choose_limit(given, &t->max_text, 1);
}

/* `make` has set what the options are where none are given. Those that cannot be are the plain
 * core's to refuse, and a parser that has read begins anew there. */
static int
init(PyObject *self, PyObject *arguments, PyObject *options)
{
    Core *t = (Core *)self;
    int is_new = t->is_open && !t->consumed && !t->carried_length && !t->of_bytes;
    int are_right = is_new && !PyTuple_GET_SIZE(arguments);
    PyObject *name, *given;
    Py_ssize_t place = 0;
    if (is_reading(t))
        return -1;
    while (are_right && options && PyDict_Next(options, &place, &name, &given))
        are_right = PyUnicode_Check(name) && choose_one(t, name, given);
    if (are_right)
        return 0;
    PyObject *method = PyObject_GetAttr(self, choose);
    PyObject *none = method ? PyObject_Call(method, arguments, options) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(none);
    return none ? 0 : -1;
}

static int
traverse(Core *t, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(t));
    for (Py_ssize_t i = 0; i <= t->depth; i++) {
        Py_VISIT(t->levels[i].container);
        Py_VISIT(t->levels[i].key);
    }
    Py_VISIT(t->base);
    Py_VISIT(t->prefix);
    Py_VISIT(t->growing);
    Py_VISIT(t->value);
    Py_VISIT(t->nothing);
    Py_VISIT(t->parse_float);
    Py_VISIT(t->events);
    Py_VISIT(t->error);
    return 0;
}

/* The root stays, so that the object is sound whoever looks at it now. */
static int
clear_references(Core *t)
{
    t->is_open = 0;
    Py_XSETREF(t->error, Py_NewRef(half_read));
    Py_XSETREF(t->parse_float, Py_NewRef(&PyFloat_Type)); /* a bound method has no `tp_clear` */
    Py_CLEAR(t->growing);
    Py_CLEAR(t->events);
    if (t->depth >= 0 && PyList_CheckExact(t->levels[0].container))
        return PyList_SetSlice(t->levels[0].container, 0, PY_SSIZE_T_MAX, NULL);
    return 0;
}

static void
let_go(Core *t)
{
    PyTypeObject *type = Py_TYPE(t);
    PyObject_GC_UnTrack(t);
    drop_levels(t);
    Py_CLEAR(t->base);
    Py_CLEAR(t->prefix);
    Py_CLEAR(t->growing);
    Py_CLEAR(t->string);
    Py_CLEAR(t->value);
    Py_CLEAR(t->nothing);
    Py_CLEAR(t->parse_float);
    Py_CLEAR(t->events);
    Py_CLEAR(t->error);
    PyMem_Free(t->gathered.data);
    if (t->levels != t->first_levels)
        PyMem_Free(t->levels);
    if (t->carried != t->first_carried)
        PyMem_Free(t->carried);
    type->tp_free((PyObject *)t);
    Py_DECREF(type);
}

/* -- What comes in ----------------------------------------------------------------------------- */

static int
call(Core *t, PyObject *method, PyObject *argument)
{
    PyObject *none = PyObject_CallMethodOneArg((PyObject *)t, method, argument);
    Py_XDECREF(none);
    if (!none && !t->is_open && !t->error && !t->closed)
        t->error = Py_NewRef(half_read); /* there was no memory to begin */
    return none ? 0 : -1;
}

/* Nothing goes on behind half a delta: with the exception that broke it off, which is passed on. */
static int
break_off(Core *t)
{
    PyObject *type, *error, *traceback;
    t->is_open = t->is_reading = 0;
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) { /* to look at it takes memory */
        Py_XSETREF(t->error, Py_NewRef(half_read));
        return -1;
    }
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    PyObject *over = PyObject_CallMethodOneArg((PyObject *)t, broken_off, error);
    Py_XSETREF(t->error, over ? over : Py_NewRef(half_read)); /* no memory is left to say so */
    PyErr_Clear();
    PyErr_Restore(type, error, traceback);
    return -1;
}

/* What is left of the delta, for the plain core. */
static PyObject *
rest(PyObject *delta, Py_ssize_t pos)
{
    if (PyUnicode_Check(delta))
        return PyUnicode_Substring(delta, pos, PyUnicode_GET_LENGTH(delta));
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(delta) + pos, PyBytes_GET_SIZE(delta) - pos);
}

static int
go_on_plainly(Core *t, PyObject *delta, Py_ssize_t pos, PyObject *method)
{
    PyObject *left = rest(delta, pos);
    t->is_open = 0; /* until the plain core's state is taken up */
    int failed = left ? call(t, method, left) : break_off(t);
    Py_XDECREF(left);
    return failed;
}

/* What `parse_float` raised is the context of what is said of it. */
static int
refuse_number(Core *t, PyObject *delta, Py_ssize_t pos)
{
    PyObject *type, *error, *traceback, *around = PyErr_GetHandledException();
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback)
        PyException_SetTraceback(error, traceback);
    PyErr_SetHandledException(error);
    int failed = go_on_plainly(t, delta, pos, refuse);
    PyErr_SetHandledException(around);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    Py_XDECREF(around);
    return failed;
}

INLINE Status
read_as(Core *t, const void *data, Py_ssize_t end, int kind, int ascii, Py_ssize_t *pos)
{
    const Text text = {data, end, kind, ascii};
    return read_all(t, text, pos);
}

NEVER_INLINE Status
read_wide(Core *t, const void *data, Py_ssize_t end, int kind, Py_ssize_t *pos)
{
    return kind == TWO_BYTES ? read_as(t, data, end, TWO_BYTES, 0, pos)
                             : read_as(t, data, end, FOUR_BYTES, 0, pos);
}

static void
keep_cut(Core *t, const char *sequence, Py_ssize_t length)
{
    memcpy(t->undecoded, sequence, (size_t)length);
    t->undecoded_length = (int)length;
}

static int
read_delta(Core *t, PyObject *delta, const void *data, Py_ssize_t end, int kind, Py_ssize_t pos)
{
    Py_ssize_t held = t->carried_length, begun = pos;
    Status status;
    t->is_reading = 1;
    t->origin = t->consumed + held - pos;
    if (kind == ONE_BYTE)
        status = read_as(t, data, end, ONE_BYTE, PyUnicode_IS_ASCII(delta), &pos);
    else if (kind == UTF_8)
        status = read_as(t, data, end, UTF_8, 0, &pos);
    else
        status = read_wide(t, data, end, kind, &pos);
    t->consumed = offset(t, pos) - t->carried_length;
    t->at_start = t->at_start && (pos == begun || kind != UTF_8);
    if (status >= OK && is_growing(t) && show(t) < 0)
        status = BROKEN;
    if (status == BROKEN)
        return break_off(t);
    t->is_reading = 0;
    if (status == REFUSED)
        return refuse_number(t, delta, pos);
    if (status == DECLINED)
        return go_on_plainly(t, delta, pos, read_plainly);
    if (kind == UTF_8)
        keep_cut(t, (const char *)data + end, PyBytes_GET_SIZE(delta) - end);
    return 0;
}

static int
read_str(Core *t, PyObject *delta)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(delta);
    if (!length)
        return 0;
    if (t->of_bytes || (t->max_text >= 0 && t->max_text - t->consumed - t->carried_length < length))
        return go_on_plainly(t, delta, 0, read_plainly);
    return read_delta(t, delta, PyUnicode_DATA(delta), length, PyUnicode_KIND(delta), 0);
}

static int
read_whole_bytes(Core *t, PyObject *delta)
{
    static const char MARK[] = "\xef\xbb\xbf"; /* a parser may ignore it (RFC 8259, section 8.1) */
    const char *data = PyBytes_AS_STRING(delta);
    Py_ssize_t length = PyBytes_GET_SIZE(delta);
    Py_ssize_t fed = t->consumed + t->carried_length;
    if ((fed && !t->of_bytes) || (t->max_text >= 0 && t->max_text - fed < length))
        return go_on_plainly(t, delta, 0, read_plainly);
    int cut = cut_sequence(data, length);
    int skipped = t->at_start && length >= 3 && !memcmp(data, MARK, 3) ? 3 : 0;
    t->of_bytes = 1;
    if (skipped)
        t->at_start = 0;
    return read_delta(t, delta, data, length - cut, UTF_8, skipped);
}

/* A sequence that the last delta cut comes in front of this one. */
static int
read_bytes(Core *t, PyObject *delta)
{
    if (!PyBytes_GET_SIZE(delta))
        return 0;
    if (!t->undecoded_length)
        return read_whole_bytes(t, delta);
    PyObject *whole = PyBytes_FromStringAndSize((char *)t->undecoded, t->undecoded_length);
    PyBytes_Concat(&whole, delta);
    if (!whole)
        return break_off(t);
    t->undecoded_length = 0;
    int failed = read_whole_bytes(t, whole);
    Py_DECREF(whole);
    return failed;
}

/* Whether the delta is only plain characters inside a string: two of three are, in prose. */
INLINE int
is_plain(Core *t, PyObject *delta)
{
    if ((t->at != IN_STRING && t->at != IN_WHOLE_STRING) || t->of_bytes || t->carried_length
        || t->max_string >= 0 || t->max_text >= 0)
        return 0;
    const void *data = PyUnicode_DATA(delta);
    const Py_ssize_t end = PyUnicode_GET_LENGTH(delta);
    switch (PyUnicode_KIND(delta)) {
    case ONE_BYTE:
        return end_of_run((const Text){data, end, ONE_BYTE, 0}, 0) == end && end;
    case TWO_BYTES:
        return end_of_run((const Text){data, end, TWO_BYTES, 0}, 0) == end;
    default:
        return end_of_run((const Text){data, end, FOUR_BYTES, 0}, 0) == end;
    }
}

/* A plain delta is added as it is, without a copy in between. */
INLINE int
add_plain(Core *t, PyObject *delta)
{
    const int kind = PyUnicode_KIND(delta), is_growing = t->at == IN_STRING;
    const void *data = PyUnicode_DATA(delta);
    Py_ssize_t length = PyUnicode_GET_LENGTH(delta);
    t->is_reading = 1;
    Status status =
        is_growing ? grow(t, kind, data, length) : add(&t->gathered, kind, data, length);
    t->consumed += length;
    if (status == OK && is_growing && t->tells_events)
        status = tell_delta(t, t->growing, delta);
    t->is_reading = 0;
    return status == OK ? 0 : break_off(t);
}

/* Whether the call comes from inside `feed`, wherever that reads. */
INLINE int
is_inside(Core *t)
{
    if (!t->is_reading && (t->is_open || t->error || t->closed))
        return 0;
    refuse_inside();
    return 1;
}

static int
admit(Core *t, PyObject *delta)
{
    if (is_inside(t))
        return -1;
    if (!t->is_open)
        return call(t, read_plainly, delta);
    if (PyUnicode_CheckExact(delta))
        return is_plain(t, delta) ? add_plain(t, delta) : read_str(t, delta);
    if (PyBytes_CheckExact(delta))
        return read_bytes(t, delta);
    PyObject *exact = PyObject_CallMethodOneArg((PyObject *)t, exactly, delta);
    int is_exact = exact && (PyUnicode_CheckExact(exact) || PyBytes_CheckExact(exact));
    int failed = is_exact ? admit(t, exact) : -1;
    if (exact && !is_exact)
        PyErr_SetString(PyExc_TypeError, "_exactly() gives str or bytes");
    Py_XDECREF(exact);
    return failed;
}

/* -- Methods ----------------------------------------------------------------------------------- */

/* The only argument of a call, which may be given by its name. */
INLINE PyObject *
text_of(PyObject *const *arguments, Py_ssize_t count, PyObject *by_name)
{
    Py_ssize_t named = by_name ? PyTuple_GET_SIZE(by_name) : 0;
    if (count + named == 1
        && (!named || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(by_name, 0), "text") == 0))
        return arguments[0];
    PyErr_SetString(PyExc_TypeError, "feed() takes one argument, the text");
    return NULL;
}

/* Every second delta of four characters brings no event. The empty list that was given then is
 * given again, if the caller has let go of it: 20 ns less. */
static PyObject *
take_events(Core *t)
{
    PyObject *events = t->events;
    t->events = NULL;
    if (events)
        return events;
    if (!t->nothing || Py_REFCNT(t->nothing) > 1 || PyList_GET_SIZE(t->nothing))
        Py_XSETREF(t->nothing, PyList_New(0));
    if (!t->nothing)
        break_off(t); /* the caller cannot know that the delta was read */
    return Py_XNewRef(t->nothing);
}

static PyObject *
parser_feed(Core *t, PyObject *const *arguments, Py_ssize_t count, PyObject *by_name)
{
    PyObject *text = text_of(arguments, count, by_name);
    return text && admit(t, text) == 0 ? take_events(t) : NULL;
}

static PyObject *
live_value_feed(Core *t, PyObject *const *arguments, Py_ssize_t count, PyObject *by_name)
{
    PyObject *text = text_of(arguments, count, by_name);
    return text && admit(t, text) == 0 ? Py_NewRef(t->value) : NULL;
}

/* Whether the text is closed now, or was. All but a whole text is the plain core's to judge. */
static int
close_text(Core *t)
{
    if (is_inside(t))
        return -1;
    if (t->closed && !t->error)
        return 0;
    if (!t->is_open || t->at != END || t->undecoded_length)
        return call(t, read_plainly, Py_None);
    t->closed = 1;
    t->is_open = 0;
    return 0;
}

static PyObject *
parser_close(Core *t, PyObject *Py_UNUSED(none))
{
    return close_text(t) == 0 ? take_events(t) : NULL;
}

static PyObject *
live_value_close(Core *t, PyObject *Py_UNUSED(none))
{
    return close_text(t) == 0 ? Py_NewRef(t->value) : NULL;
}

/* `_begin_at(base, consumed, line, line_start, *, of_bytes)`: this text is one of many. */
static PyObject *
begin_at(Core *t, PyObject *arguments, PyObject *by_name)
{
    static char *NAMES[] = {"", "", "", "", "of_bytes", NULL};
    PyObject *base;
    int of_bytes;
    if (is_reading(t)
        || !PyArg_ParseTupleAndKeywords(arguments, by_name, "O!nnn$p", NAMES, &PyTuple_Type, &base,
                                     &t->consumed, &t->line, &t->line_start, &of_bytes))
        return NULL;
    Py_SETREF(t->base, Py_NewRef(base));
    Py_SETREF(t->prefix, Py_NewRef(base));
    t->of_bytes = (char)of_bytes;
    t->at_start = 0; /* only the stream has a byte order mark */
    Py_RETURN_NONE;
}

static PyObject *
snapshot(Core *t, PyObject *Py_UNUSED(none))
{
    char was_reading = t->is_reading; /* the collector may run, and with it what calls `feed` */
    t->is_reading = 1;
    PyObject *value = spine(t);
    t->is_reading = was_reading;
    return value;
}

/* -- The module -------------------------------------------------------------------------------- */

#define METHODS(class)                                                                             \
    {"feed", (PyCFunction)(void (*)(void))class##_feed, METH_FASTCALL | METH_KEYWORDS, NULL},      \
        {"close", (PyCFunction)class##_close, METH_NOARGS, NULL},                                  \
        {"snapshot", (PyCFunction)snapshot, METH_NOARGS, NULL},                                    \
        {"_begin_at", (PyCFunction)(void (*)(void))begin_at, METH_VARARGS | METH_KEYWORDS, NULL},  \
        {"_take_up", (PyCFunction)take_up, METH_VARARGS, NULL}, {NULL},

static PyMethodDef parser_methods[] = {METHODS(parser)};
static PyMethodDef live_value_methods[] = {METHODS(live_value)};

#define SLOTS(class)                                                                               \
    {Py_tp_new, make_##class}, {Py_tp_init, init}, {Py_tp_dealloc, let_go},                        \
        {Py_tp_traverse, traverse}, {Py_tp_clear, clear_references},                               \
        {Py_tp_methods, class##_methods}, {Py_tp_members, members}, {Py_tp_getset, fields},        \
        {0, NULL},

static PyType_Slot parser_slots[] = {SLOTS(parser)};
static PyType_Slot live_value_slots[] = {SLOTS(live_value)};

#define SPEC(name, slots)                                                                          \
    {"partialjson._speedups._core." name, sizeof(Core), 0,                                         \
     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots}

static PyType_Spec parser_spec = SPEC("Parser", parser_slots);
static PyType_Spec live_value_spec = SPEC("LiveValue", live_value_slots);

/* Where a slot of an event is kept; -1 with an exception where it is none. */
static Py_ssize_t
slot(PyTypeObject *type, const char *name)
{
    PyObject *descriptor = PyObject_GetAttrString((PyObject *)type, name);
    Py_ssize_t offset = -1;
    if (descriptor && Py_IS_TYPE(descriptor, &PyMemberDescr_Type))
        offset = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else if (descriptor)
        PyErr_Format(PyExc_ImportError, "%s of an event is no slot", name);
    Py_XDECREF(descriptor);
    return offset;
}

static int
find_event(PyObject *events, const char *name, EventClass *class)
{
    Py_XSETREF(class->type, (PyTypeObject *)PyObject_GetAttrString(events, name));
    if (!class->type || (class->path = slot(class->type, "path")) < 0)
        return -1;
    int is_delta = class == &string_delta, is_end = class == &value_end;
    if (is_delta)
        return (class->text = slot(class->type, "text")) < 0 ? -1 : 0;
    if ((class->kind = slot(class->type, "kind")) < 0
        || (class->replaces = slot(class->type, "replaces")) < 0)
        return -1;
    return is_end && ((class->value = slot(class->type, "value")) < 0
                      || (class->start = slot(class->type, "start")) < 0
                      || (class->end = slot(class->type, "end")) < 0)
               ? -1
               : 0;
}

static int
find_events(void)
{
    PyObject *events = PyImport_ImportModule("partialjson.events");
    int failed = !events || find_event(events, "ValueStart", &value_start) < 0
                 || find_event(events, "StringDelta", &string_delta) < 0
                 || find_event(events, "ValueEnd", &value_end) < 0;
    Py_XDECREF(events);
    return failed ? -1 : 0;
}

/* The docstring of the plain core's twin, with the signature in front as CPython reads it; NULL
 * where it has none, or with an exception. It is kept as long as the process. */
static const char *
words_of(PyObject *type, const char *name, const char *signature)
{
    PyObject *twin = PyObject_GetAttrString(type, name);
    PyObject *doc = twin ? PyObject_GetAttrString(twin, "__doc__") : NULL;
    PyObject *words = doc && doc != Py_None
                          ? PyUnicode_FromFormat(signature, name, doc)
                          : NULL;
    Py_XDECREF(doc);
    Py_XDECREF(twin);
    return words ? PyUnicode_AsUTF8(words) : NULL;
}

static void
take_words(PyObject *plain, const char *class, PyMethodDef *methods)
{
    PyObject *type = PyObject_GetAttrString(plain, class);
    for (PyMethodDef *method = methods; type && method->ml_name[0] != '_'; method++)
        method->ml_doc = words_of(type, method->ml_name,
                                  method->ml_flags & METH_NOARGS ? "%s($self)\n--\n\n%S"
                                                                 : "%s($self, /, text)\n--\n\n%S");
    for (PyGetSetDef *fact = fields; type && fact->name[0] != '_'; fact++)
        fact->doc = words_of(type, fact->name, "%.0s%S");
    Py_XDECREF(type);
}

static int
take_all_words(void)
{
    PyObject *plain = PyImport_ImportModule("partialjson._plain");
    if (plain) {
        take_words(plain, "Parser", parser_methods);
        take_words(plain, "LiveValue", live_value_methods);
    }
    Py_XDECREF(plain);
    return PyErr_Occurred() ? -1 : 0;
}

static int
intern_all(void)
{
    static const char *const KIND_NAMES[] = {"object", "array",   "string",
                                             "number", "boolean", "null"};
    for (int kind = 0; kind < KINDS; kind++)
        if (!(kind_names[kind] = PyUnicode_InternFromString(KIND_NAMES[kind])))
            return -1;
    read_plainly = PyUnicode_InternFromString("_read_plainly");
    broken_off = PyUnicode_InternFromString("_broken_off");
    exactly = PyUnicode_InternFromString("_exactly");
    refuse = PyUnicode_InternFromString("_refuse");
    choose = PyUnicode_InternFromString("_choose");
    no_path = PyTuple_New(0);
    half_read = PyObject_CallFunction(PyExc_RuntimeError, "s",
                                      "feed() was broken off in the middle of a text");
    int has_words = read_plainly && broken_off && exactly && refuse && choose;
    return has_words && no_path && half_read ? 0 : -1;
}

static int
add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    int failed = !type || PyModule_AddType(module, (PyTypeObject *)type) < 0;
    Py_XDECREF(type);
    return failed ? -1 : 0;
}

/* `own(class)`: give a subclass the methods as its own. CPython takes a short way to a method whose
 * class is exactly the object's, which saves a third of a delta of four characters. */
static PyObject *
own(PyObject *Py_UNUSED(module), PyObject *class)
{
    PyTypeObject *type = (PyTypeObject *)class;
    if (!PyType_Check(class) || !type->tp_base || (type->tp_base->tp_methods != parser_methods
                                 && type->tp_base->tp_methods != live_value_methods)) {
        PyErr_SetString(PyExc_TypeError, "own() takes a class whose base is one of this module");
        return NULL;
    }
    for (PyMethodDef *method = type->tp_base->tp_methods; method->ml_name; method++) {
        PyObject *descriptor = PyDescr_NewMethod(type, method);
        int failed = !descriptor || PyObject_SetAttrString(class, method->ml_name, descriptor) < 0;
        Py_XDECREF(descriptor);
        if (failed)
            return NULL;
    }
    return Py_NewRef(class);
}

static PyMethodDef functions[] = {{"own", own, METH_O, NULL}, {NULL}};

/* Its names, kinds and classes of events are shared, and those of one interpreter: the first. */
static int
fill(PyObject *module)
{
    static int64_t owner = -1;
    int64_t here = PyInterpreterState_GetID(PyInterpreterState_Get());
    if (owner >= 0 && owner != here) {
        PyErr_SetString(PyExc_ImportError, "the C core is in use by another interpreter");
        return -1;
    }
    owner = here;
    int failed = intern_all() < 0 || find_events() < 0 || take_all_words() < 0
                 || add_type(module, &parser_spec) < 0 || add_type(module, &live_value_spec) < 0;
    return failed ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = "Parser and LiveValue in C.",
    .m_methods = functions,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
