/* One small step for each thing that may stand somewhere: `tokenizer.py` and `_strings.py`.
 *
 * A step moves `pos` behind what it read. One that declines has changed nothing since there.
 */
#ifndef PARTIALJSON_STEPS_H
#define PARTIALJSON_STEPS_H

#include "number.h"
#include "tree.h"

INLINE Py_ssize_t
offset(Core *t, Py_ssize_t pos)
{
    return t->origin + pos;
}

/* -- Numbers and literals (RFC 8259, sections 3 and 6) ----------------------------------------- */

static Status
more_carried(Core *t)
{
    Py_ssize_t room = t->room_for_carried * 2;
    char *carried = moved(t->carried, t->first_carried, sizeof t->first_carried, (size_t)room);
    if (!carried)
        return BROKEN;
    t->carried = carried;
    t->room_for_carried = room;
    return OK;
}

/* The number that was carried this far, and which something ends: its value. */
NEVER_INLINE Status
end_number(Core *t, Py_ssize_t length, Py_ssize_t start)
{
    Number n;
    read_number(t->carried, &n);
    if (n.length != length || !n.is_whole)
        return DECLINED;
    PyObject *value = value_of(t, t->carried, &n);
    if (value) {
        t->carried_length = 0;
        return atom(t, NUMBER, value, start, start + length);
    }
    int is_refusal = PyErr_ExceptionMatches(PyExc_ValueError)
                     || PyErr_ExceptionMatches(PyExc_ArithmeticError);
    if (!is_refusal)
        return BROKEN;
    if (!n.is_integer)
        return REFUSED; /* with what `parse_float` raised */
    PyErr_Clear();
    return DECLINED;
}

static Status
carry_number(Core *t, Py_ssize_t length)
{
    Number n;
    read_number(t->carried, &n);
    if (n.length != length)
        return DECLINED;
    t->carried_length = length;
    return OK;
}

INLINE Status
number(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_ssize_t at = *pos, length = t->carried_length, start = offset(t, at) - length;
    Py_UCS4 c = 0;
    for (; at < text.end && length <= t->max_number; at++) {
        c = character(text, at);
        if (!is(OF_A_NUMBER, c))
            break;
        if (length + 1 == t->room_for_carried && more_carried(t) < 0)
            return BROKEN;
        t->carried[length++] = (char)c;
    }
    t->carried[length] = 0;
    if (length > t->max_number)
        return DECLINED;
    Status status = at == text.end         ? carry_number(t, length)
                    : is(ENDS_A_NUMBER, c) ? end_number(t, length, start)
                                           : DECLINED;
    if (status == OK)
        *pos = at;
    return status;
}

INLINE Status
literal(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_ssize_t at = *pos, length = t->carried_length;
    Py_UCS4 first = length ? (Py_UCS4)t->carried[0] : character(text, at);
    const char *word = first == 't' ? "true" : first == 'f' ? "false" : "null";
    while (at < text.end && word[length] && character(text, at) == (Py_UCS4)word[length]) {
        at++;
        length++;
    }
    if (!word[length]) {
        PyObject *value = first == 't' ? Py_True : first == 'f' ? Py_False : Py_None;
        *pos = at;
        t->carried_length = 0;
        return atom(t, first == 'n' ? NIL : BOOLEAN, Py_NewRef(value), offset(t, at) - length,
                    offset(t, at));
    }
    if (at < text.end)
        return DECLINED;
    memcpy(t->carried, word, (size_t)length);
    t->carried_length = length;
    *pos = at;
    return OK;
}

/* -- Escapes (section 7) ----------------------------------------------------------------------- */

#define LONGEST_ESCAPE 12 /* two of four hexadecimal digits */

/* The four hexadecimal digits, or -1. */
static int
hexadecimal(const char *s)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i], lower = (char)(c | 32);
        int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 87 : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Whether the characters, up to the end of the text, are the beginning of an escape, or none. */
static int
is_beginning(const char *s, int length)
{
    if (length > 5 || (length > 0 && s[0] != '\\') || (length > 1 && s[1] != 'u'))
        return 0;
    char digits[] = {'0', '0', '0', '0'};
    if (length > 2)
        memcpy(digits, s + 2, (size_t)(length - 2));
    return hexadecimal(digits) >= 0;
}

/* What a letter behind a backslash stands for; 0 where it is none, or `u`. */
INLINE Py_UCS4
meaning(Py_UCS4 letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

/* The length of the escape and its character; 0 where the end of the text cuts it, which is there
 * if there are less than twelve characters; -1 where it is none. */
static int
read_escape(const char *s, int length, Py_UCS4 *c)
{
    if (length < 6 && is_beginning(s, length))
        return 0;
    if (s[1] != 'u') {
        *c = meaning((Py_UCS4)s[1]);
        return *c ? 2 : -1;
    }
    int first = length < 6 ? -1 : hexadecimal(s + 2);
    if (first < 0)
        return -1;
    *c = (Py_UCS4)first;
    if (!Py_UNICODE_IS_HIGH_SURROGATE(*c))
        return 6;
    /* Whole when its low half stands behind it, or when the text shows that none will. */
    if (length < LONGEST_ESCAPE)
        return is_beginning(s + 6, length - 6) ? 0 : 6;
    int second = s[6] == '\\' && s[7] == 'u' ? hexadecimal(s + 8) : -1;
    if (second < 0 || !Py_UNICODE_IS_LOW_SURROGATE((Py_UCS4)second))
        return 6;
    *c = Py_UNICODE_JOIN_SURROGATES(*c, (Py_UCS4)second);
    return LONGEST_ESCAPE;
}

INLINE int
has_room(Core *t, Py_ssize_t more)
{
    if (t->max_string < 0)
        return 1;
    Py_ssize_t length = t->gathered.length;
    if (t->string)
        length += PyUnicode_GET_LENGTH(t->string);
    return more <= t->max_string - length;
}

/* An escape that may be cut, by the last delta or by the end of this one. */
INLINE Status
long_escape(Core *t, const Text text, Py_ssize_t *pos)
{
    char s[LONGEST_ESCAPE + 1] = {0};
    int held = (int)t->carried_length, length = held;
    Py_UCS4 c;
    memcpy(s, t->carried, (size_t)held);
    for (Py_ssize_t at = *pos; length < LONGEST_ESCAPE && at < text.end; at++) {
        c = character(text, at);
        s[length++] = c > 0 && c < 0x7f ? (char)c : 0x7f; /* which no escape has */
    }
    int read = read_escape(s, length, &c);
    int is_half = read == 6 && Py_UNICODE_IS_HIGH_SURROGATE(c);
    if (read < 0 || (is_half && text.kind == UTF_8 && memchr(s + 6, 0x7f, (size_t)length - 6)))
        return DECLINED; /* half a pair waits in front of what is not UTF-8 */
    if (!read) {
        memcpy(t->carried, s, (size_t)length);
        t->carried_length = length;
        *pos += length - held;
        t->at = t->at == IN_STRING ? IN_ESCAPE : t->at;
        return OK;
    }
    if (!has_room(t, 1))
        return DECLINED;
    if (add_character(&t->gathered, c) < 0)
        return BROKEN;
    t->at = t->at == IN_ESCAPE ? IN_STRING : t->at;
    *pos += read > held ? read - held : 0;
    t->carried_length = held > read ? held - read : 0; /* behind half a pair */
    memmove(t->carried, t->carried + read, (size_t)t->carried_length);
    return OK;
}

INLINE Status
escape(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_UCS4 c = *pos + 1 < text.end ? meaning(character(text, *pos + 1)) : 0;
    if (!c || t->max_string >= 0)
        return long_escape(t, text, pos);
    *pos += 2;
    return add_character(&t->gathered, c);
}

/* -- Strings and names ------------------------------------------------------------------------- */

/* The name, taken over, is the next value's. */
INLINE Status
take_name(Core *t, PyObject *name)
{
    Level *level = innermost(t);
    if (t->names_differ) {
        int is_repeated = PyDict_Contains(level->container, name);
        if (is_repeated) {
            Py_DECREF(name);
            return is_repeated < 0 ? BROKEN : DECLINED;
        }
    }
    Py_XSETREF(level->key, name);
    t->at = NAME_SEPARATOR;
    return t->tells_names ? tell(t, Py_NewRef(name)) : OK;
}

/* A name that came in pieces. What is gathered stays until the name is taken: the plain core may
 * have to refuse it. */
NEVER_INLINE Status
end_gathered_name(Core *t)
{
    Builder *b = &t->gathered;
    const void *data = b->length ? b->data : "";
    PyObject *name = b->kind == ONE_BYTE && b->length <= LONGEST_SHARED && is_ascii(data, b->length)
                         ? shared_name(data, b->length)
                         : PyUnicode_FromKindAndData(b->kind, data, b->length);
    Status status = name ? take_name(t, name) : BROKEN;
    if (status == OK)
        clear(b);
    return status;
}

INLINE Status
end_string(Core *t, Py_ssize_t end)
{
    if (t->at == IN_STRING)
        return end_growing(t, end);
    if (t->at == IN_NAME)
        return end_gathered_name(t);
    return atom(t, STRING, built(&t->gathered), t->gathered_at, end);
}

INLINE Status
string_characters(Core *t, const Text text, Py_ssize_t *pos)
{
    Status status = OK;
    while (status == OK && *pos < text.end) {
        if (t->carried_length) {
            status = long_escape(t, text, pos);
            continue;
        }
        Py_ssize_t end = end_of_run(text, *pos);
        if (end > *pos) {
            status = has_room(t, end - *pos) ? add_run(t, text, *pos, end) : DECLINED;
            if (status != OK || end == text.end) {
                *pos = status == OK ? end : *pos;
                return status;
            }
            *pos = end;
        }
        Py_UCS4 c = character(text, *pos);
        if (c == '"') {
            status = end_string(t, offset(t, *pos + 1));
            *pos += status == OK;
            return status;
        }
        status = c == '\\' ? escape(t, text, pos) : DECLINED;
    }
    return status;
}

/* Where the string that begins at `pos` ends, if it is plain and all of it is here; else -1. */
INLINE Py_ssize_t
end_of_plain(Core *t, const Text text, Py_ssize_t pos)
{
    Py_ssize_t end = end_of_run(text, pos + 1);
    int is_here = end < text.end && character(text, end) == '"';
    return is_here && (t->max_string < 0 || end - pos - 1 <= t->max_string) ? end : -1;
}

INLINE Status
begin_string(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_ssize_t start = offset(t, *pos), end = end_of_plain(t, text, *pos);
    if (end < 0 && t->strings_grow) {
        ++*pos;
        return begin_growing(t, start);
    }
    if (end < 0) {
        t->gathered_at = start;
        t->at = IN_WHOLE_STRING;
        ++*pos;
        return OK;
    }
    PyObject *string = string_of(t, text, *pos + 1, end);
    if (!string)
        return PyErr_Occurred() ? BROKEN : DECLINED;
    *pos = end + 1;
    if (!t->strings_grow || !t->tells_events)
        return atom(t, STRING, string, start, offset(t, end + 1));
    Status status = string_and_tell(t, string, start, offset(t, end + 1));
    Py_DECREF(string);
    return status;
}

/* The name from `pos` to `end`; NULL without an error set is what is not UTF-8. */
INLINE PyObject *
name_of(Core *t, const Text text, Py_ssize_t pos, Py_ssize_t end)
{
    Py_UCS1 narrow[LONGEST_SHARED];
    const Py_UCS1 *name = text.kind <= ONE_BYTE ? pointer(text, pos) : narrow;
    Py_ssize_t length = end - pos;
    int is_shared = length <= LONGEST_SHARED;
    if (text.kind <= ONE_BYTE)
        is_shared = is_shared && (text.is_ascii || is_ascii(name, length));
    else
        for (Py_ssize_t i = 0; is_shared && i < length; i++) {
            Py_UCS4 c = character(text, pos + i);
            is_shared = c < 0x80;
            narrow[i] = (Py_UCS1)c;
        }
    return is_shared ? shared_name(name, length) : string_of(t, text, pos, end);
}

INLINE Status
begin_name(Core *t, const Text text, Py_ssize_t *pos)
{
    if (character(text, *pos) != '"')
        return DECLINED;
    Py_ssize_t end = end_of_plain(t, text, *pos);
    if (end < 0) {
        t->gathered_at = offset(t, *pos);
        t->at = IN_NAME;
        ++*pos;
        return OK;
    }
    Py_ssize_t origin = t->origin;
    PyObject *name = name_of(t, text, *pos + 1, end);
    if (!name)
        return PyErr_Occurred() ? BROKEN : DECLINED;
    Status status = take_name(t, name);
    if (status == OK)
        *pos = end + 1;
    else
        t->origin = origin;
    return status;
}

/* -- The grammar: what may stand at each position ---------------------------------------------- */

INLINE Status
begin_value(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_UCS4 c = t->carried_length ? (Py_UCS4)t->carried[0] : character(text, *pos);
    switch (c) {
    case '"':
        return begin_string(t, text, pos);
    case '{':
    case '[':
        if (t->depth >= t->max_depth)
            return DECLINED;
        ++*pos;
        return begin_container(t, c == '{' ? OBJECT : ARRAY, offset(t, *pos - 1));
    case ']':
        if (t->at != FIRST_ELEMENT)
            return DECLINED;
        ++*pos;
        return end_container(t, offset(t, *pos));
    case 't':
    case 'f':
    case 'n':
        return literal(t, text, pos);
    default:
        return c == '-' || (c >= '0' && c <= '9') ? number(t, text, pos) : DECLINED;
    }
}

INLINE Status
behind_value(Core *t, Py_UCS4 c, Py_ssize_t *pos)
{
    if (c == ',') {
        t->cut = offset(t, (*pos)++);
        t->at = t->in_object ? NAME : VALUE;
        return OK;
    }
    if (c != (t->in_object ? '}' : ']'))
        return DECLINED;
    ++*pos;
    return end_container(t, offset(t, *pos));
}

INLINE Status
step(Core *t, const Text text, Py_ssize_t *pos)
{
    Py_UCS4 c = character(text, *pos);
    if (is(SPACE, c)) {
        ++*pos;
        if (c == '\n') {
            t->line++;
            t->line_start = offset(t, *pos);
        }
        return OK;
    }
    switch (t->at) {
    case VALUE:
    case FIRST_ELEMENT:
        return begin_value(t, text, pos);
    case FIRST_NAME:
        if (c == '}') {
            ++*pos;
            return end_container(t, offset(t, *pos));
        }
        return begin_name(t, text, pos);
    case NAME:
        return begin_name(t, text, pos);
    case NAME_SEPARATOR:
        if (c != ':')
            return DECLINED;
        ++*pos;
        t->at = VALUE;
        return OK;
    case AFTER_ELEMENT:
    case AFTER_MEMBER:
        return behind_value(t, c, pos);
    default:
        return DECLINED;
    }
}

/* Reads the text, to its end or to where it declines. */
INLINE Status
read_all(Core *t, const Text text, Py_ssize_t *pos)
{
    Status status = OK;
    if (t->carried_length && t->at <= FIRST_ELEMENT)
        status = begin_value(t, text, pos);
    while (status == OK && *pos < text.end)
        status = t->at >= IN_NAME ? string_characters(t, text, pos) : step(t, text, pos);
    return status;
}

#endif
