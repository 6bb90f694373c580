/* The delta that is read: `str` of any width, or UTF-8; and the characters gathered from it.
 *
 * Every step is inlined once for each width, which is then a constant.
 */
#ifndef PARTIALJSON_TEXT_H
#define PARTIALJSON_TEXT_H

#include "state.h"

#if defined(__SSE2__) || (defined(_MSC_VER) && defined(_M_X64))
#define HAS_SSE2
#include <emmintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#endif
#endif

enum { UTF_8 = 0, ONE_BYTE = 1, TWO_BYTES = 2, FOUR_BYTES = 4 };

typedef struct {
    const void *data;
    Py_ssize_t end;
    int kind; /* bytes of a character, or `UTF_8` */
    int is_ascii;
} Text;

INLINE Py_UCS4
character(const Text text, Py_ssize_t pos)
{
    switch (text.kind) {
    case TWO_BYTES:
        return ((const Py_UCS2 *)text.data)[pos];
    case FOUR_BYTES:
        return ((const Py_UCS4 *)text.data)[pos];
    default:
        return ((const Py_UCS1 *)text.data)[pos];
    }
}

INLINE const void *
pointer(const Text text, Py_ssize_t pos)
{
    return (const char *)text.data + pos * (text.kind == UTF_8 ? 1 : text.kind);
}

/* -- Classes of characters (RFC 8259, sections 2, 6 and 7) ------------------------------------- */

enum { STOP = 1, OF_A_NUMBER = 2, SPACE = 4, ENDS_A_NUMBER = 8 };

#define BLANK (STOP | SPACE | ENDS_A_NUMBER)
static const unsigned char CLASSES[256] = {
    STOP, STOP, STOP,  STOP,  STOP, STOP, STOP,  STOP, /* control characters: no string has them */
    STOP, BLANK, BLANK, STOP, STOP, BLANK, STOP, STOP,
    STOP, STOP, STOP,  STOP,  STOP, STOP, STOP,  STOP,
    STOP, STOP, STOP,  STOP,  STOP, STOP, STOP,  STOP,
    [' '] = SPACE | ENDS_A_NUMBER, [','] = ENDS_A_NUMBER, [']'] = ENDS_A_NUMBER,
    ['}'] = ENDS_A_NUMBER, ['"'] = STOP, ['\\'] = STOP,
    ['0'] = OF_A_NUMBER, ['1'] = OF_A_NUMBER, ['2'] = OF_A_NUMBER, ['3'] = OF_A_NUMBER,
    ['4'] = OF_A_NUMBER, ['5'] = OF_A_NUMBER, ['6'] = OF_A_NUMBER, ['7'] = OF_A_NUMBER,
    ['8'] = OF_A_NUMBER, ['9'] = OF_A_NUMBER, ['-'] = OF_A_NUMBER, ['+'] = OF_A_NUMBER,
    ['.'] = OF_A_NUMBER, ['e'] = OF_A_NUMBER, ['E'] = OF_A_NUMBER,
};

INLINE int
is(int class, Py_UCS4 c)
{
    return c < 0x100 && (CLASSES[c] & class);
}

/* -- The end of a run of plain characters: a quotation mark, a backslash or a control character  */

#if defined(HAS_SSE2)
INLINE Py_ssize_t
skip_wide(const Text text, Py_ssize_t pos)
{
    const int width = text.kind == UTF_8 ? 1 : text.kind;
    const Py_ssize_t step = 16 / width;
    for (; pos + step <= text.end; pos += step) {
        __m128i some = _mm_loadu_si128((const __m128i *)pointer(text, pos)), stop;
        if (width == 1) {
            __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(some, _mm_set1_epi8(0x1f)), some);
            stop = _mm_or_si128(_mm_cmpeq_epi8(some, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(some, _mm_set1_epi8('\\')));
            stop = _mm_or_si128(stop, control);
        }
        else if (width == 2) {
            __m128i below = _mm_subs_epu16(some, _mm_set1_epi16(0x1f));
            __m128i control = _mm_cmpeq_epi16(below, _mm_setzero_si128());
            stop = _mm_or_si128(_mm_cmpeq_epi16(some, _mm_set1_epi16('"')),
                                _mm_cmpeq_epi16(some, _mm_set1_epi16('\\')));
            stop = _mm_or_si128(stop, control);
        }
        else {
            __m128i control = _mm_cmplt_epi32(some, _mm_set1_epi32(0x20));
            stop = _mm_or_si128(_mm_cmpeq_epi32(some, _mm_set1_epi32('"')),
                                _mm_cmpeq_epi32(some, _mm_set1_epi32('\\')));
            stop = _mm_or_si128(stop, control);
        }
        int mask = _mm_movemask_epi8(stop);
        if (mask) {
#if defined(_MSC_VER)
            unsigned long first;
            _BitScanForward(&first, (unsigned long)mask);
            return pos + (Py_ssize_t)first / width;
#else
            return pos + __builtin_ctz((unsigned)mask) / width;
#endif
        }
    }
    return pos;
}
#else
#define skip_wide(text, pos) (pos) /* the loop behind it does all of it */
#endif

INLINE Py_ssize_t
end_of_run(const Text text, Py_ssize_t pos)
{
    pos = skip_wide(text, pos);
    while (pos < text.end && !is(STOP, character(text, pos)))
        pos++;
    return pos;
}

INLINE int
is_ascii(const Py_UCS1 *bytes, Py_ssize_t length)
{
    const Py_UCS1 *end = bytes + length;
    uint64_t eight;
    for (; end - bytes >= 8; bytes += 8) {
        memcpy(&eight, bytes, 8);
        if (eight & UINT64_C(0x8080808080808080))
            return 0;
    }
    while (bytes < end)
        if (*bytes++ & 0x80)
            return 0;
    return 1;
}

/* Whether more bytes can make a UTF-8 sequence of these. */
static int
is_sequence_begun(const char *bytes, Py_ssize_t length)
{
    Py_ssize_t used;
    PyObject *nothing = PyUnicode_DecodeUTF8Stateful(bytes, length, "strict", &used);
    if (!nothing)
        PyErr_Clear();
    Py_XDECREF(nothing);
    return nothing && !used;
}

/* How many bytes at the end begin a UTF-8 sequence that they do not end. */
static int
cut_sequence(const char *bytes, Py_ssize_t length)
{
    for (int back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        if (byte >= 0xc0)
            return is_sequence_begun(bytes + length - back, back) ? back : 0;
        if (byte < 0x80)
            return 0;
    }
    return 0;
}

/* -- Strings ----------------------------------------------------------------------------------- */

static PyObject *
ascii_string(const void *data, Py_ssize_t length)
{
    PyObject *string = PyUnicode_New(length, 127);
    if (string && length)
        memcpy(PyUnicode_1BYTE_DATA(string), data, (size_t)length);
    return string;
}

/* The plain characters from `pos` to `end`; of UTF-8, the offsets behind them move. NULL without
 * an error set is what is not UTF-8. */
INLINE PyObject *
string_of(Core *t, const Text text, Py_ssize_t pos, Py_ssize_t end)
{
    const void *data = pointer(text, pos);
    Py_ssize_t length = end - pos;
    if (text.kind == UTF_8 ? is_ascii(data, length) : text.is_ascii)
        return ascii_string(data, length);
    if (text.kind != UTF_8)
        return PyUnicode_FromKindAndData(text.kind, data, length);
    PyObject *string = PyUnicode_DecodeUTF8(data, length, "strict");
    if (string)
        t->origin -= length - PyUnicode_GET_LENGTH(string);
    else if (PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
        PyErr_Clear();
    return string;
}

/* -- The builder ------------------------------------------------------------------------------- */

#define ROOM_KEPT 65536 /* bytes; more would be held until the text ends for one long string */

static void
clear(Builder *b)
{
    b->room *= b->kind;
    if (b->room > ROOM_KEPT) {
        PyMem_Free(b->data);
        b->data = NULL;
        b->room = 0;
    }
    b->kind = ONE_BYTE;
    b->length = 0;
}

static PyObject *
built(Builder *b)
{
    PyObject *string = PyUnicode_FromKindAndData(b->kind, b->data, b->length);
    clear(b);
    return string;
}

static void
write_characters(void *to, int to_kind, Py_ssize_t at, const void *from, int from_kind,
                 Py_ssize_t length)
{
    if (to_kind == from_kind) {
        memcpy((char *)to + at * to_kind, from, (size_t)(length * to_kind));
        return;
    }
    for (Py_ssize_t i = 0; i < length; i++)
        PyUnicode_WRITE(to_kind, to, at + i, PyUnicode_READ(from_kind, from, i));
}

/* Room for so many more characters of this width. */
NEVER_INLINE Status
make_room(Builder *b, Py_ssize_t more, int kind)
{
    kind = kind > b->kind ? kind : b->kind;
    if (more > PY_SSIZE_T_MAX / 16 - b->length) {
        PyErr_NoMemory();
        return BROKEN;
    }
    Py_ssize_t room = (b->length + more) * 2 + 64;
    int is_wider = kind > b->kind && b->length;
    void *data = PyMem_Realloc(is_wider ? NULL : b->data, (size_t)(room * kind));
    if (!data) {
        PyErr_NoMemory();
        return BROKEN;
    }
    if (is_wider) {
        write_characters(data, kind, 0, b->data, b->kind, b->length);
        PyMem_Free(b->data);
    }
    b->data = data;
    b->kind = kind;
    b->room = room;
    return OK;
}

INLINE Status
add_character(Builder *b, Py_UCS4 c)
{
    int kind = c < 0x100 ? ONE_BYTE : c < 0x10000 ? TWO_BYTES : FOUR_BYTES;
    if ((kind > b->kind || b->length == b->room) && make_room(b, 1, kind) < 0)
        return BROKEN;
    PyUnicode_WRITE(b->kind, b->data, b->length, c);
    b->length++;
    return OK;
}

/* A run in wide text is often narrow itself: one emoji does not make every name four bytes wide. */
static int
narrowest(int kind, const void *data, Py_ssize_t length)
{
    Py_UCS4 seen = 0;
    for (Py_ssize_t i = 0; i < length; i++)
        seen |= PyUnicode_READ(kind, data, i);
    return seen < 0x100 ? ONE_BYTE : seen < 0x10000 ? TWO_BYTES : FOUR_BYTES;
}

INLINE Status
add(Builder *b, int kind, const void *data, Py_ssize_t length)
{
    int needed = kind > b->kind ? narrowest(kind, data, length) : kind;
    if ((needed > b->kind || length > b->room - b->length) && make_room(b, length, needed) < 0)
        return BROKEN;
    write_characters(b->data, b->kind, b->length, data, kind, length);
    b->length += length;
    return OK;
}

INLINE Status
add_run(Core *t, const Text text, Py_ssize_t pos, Py_ssize_t end)
{
    const void *data = pointer(text, pos);
    if (text.kind != UTF_8)
        return add(&t->gathered, text.kind, data, end - pos);
    if (is_ascii(data, end - pos))
        return add(&t->gathered, ONE_BYTE, data, end - pos);
    PyObject *run = string_of(t, text, pos, end);
    if (!run)
        return PyErr_Occurred() ? BROKEN : DECLINED;
    Status status = add(&t->gathered, PyUnicode_KIND(run), PyUnicode_DATA(run),
                        PyUnicode_GET_LENGTH(run));
    Py_DECREF(run);
    return status;
}

#endif
