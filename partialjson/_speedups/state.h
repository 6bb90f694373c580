/* The state of one text that is being read: what `Facts` and `Tree` hold, packed.
 *
 * Positions, and what each of these fields means, are those of the plain core (`_grammar.py`,
 * `_intake.py`, `_reader.py`, `_tree.py`).
 */
#ifndef PARTIALJSON_STATE_H
#define PARTIALJSON_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define INLINE static __forceinline
#define NEVER_INLINE static __declspec(noinline)
#else
#define INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE static __attribute__((noinline))
#endif

/* What a step answers. Who declines has read nothing beyond the index where it stopped: the plain
 * core goes on from there. It knows what is wrong, and says it in its own words. */
typedef enum { OK = 0, DECLINED = 1, REFUSED = 2, BROKEN = -1 } Status;

/* Where the next character stands: `POSITIONS` of `_grammar.py`, in its order. */
enum {
    VALUE,
    FIRST_ELEMENT,
    FIRST_NAME,
    NAME,
    NAME_SEPARATOR,
    AFTER_ELEMENT,
    AFTER_MEMBER,
    END,
    IN_NAME,
    IN_STRING,
    IN_ESCAPE,
    IN_WHOLE_STRING,
    POSITIONS
};

typedef enum { OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NIL, KINDS } Kind;

/* Characters that are gathered: of a name, of a string that is shown when it is whole, and of one
 * that grows, before they become visible. `kind` is the width of a character, and only widens. */
typedef struct {
    void *data;
    int kind;
    Py_ssize_t length;
    Py_ssize_t room; /* in characters of this width */
} Builder;

/* A list or dict that is open. The first is the root list, whose last element is the value. */
typedef struct {
    PyObject *container;
    PyObject *key; /* of the member that comes or came last; NULL in a list */
    Py_ssize_t start;
    int replaces;
} Level;

#define FIRST_LEVELS 8
#define FIRST_CARRIED 48

typedef struct {
    PyObject_HEAD
    int at;
    int in_object; /* is the innermost container one? */
    Py_ssize_t depth;
    Level *levels; /* `depth + 1` of them */
    Py_ssize_t room_for_levels;

    char is_open;   /* neither closed nor ended by an error */
    char is_reading;
    char tells_events;
    char tells_names;
    char strings_grow;
    char names_differ;
    char of_bytes;
    char at_start;
    char closed;
    char string_replaces; /* did the string that grows take an earlier member's place? */

    Py_ssize_t consumed;
    Py_ssize_t origin; /* while reading: what to add to an index of the delta for its offset */
    Py_ssize_t cut;
    Py_ssize_t line, line_start;
    Py_ssize_t gathered_at;
    Py_ssize_t string_start;
    Py_ssize_t max_depth, max_number, max_string, max_text; /* -1 is no limit */

    char *carried; /* one unfinished atom or escape, in ASCII */
    Py_ssize_t carried_length, room_for_carried;
    unsigned char undecoded[4]; /* one unfinished UTF-8 sequence */
    int undecoded_length;
    Builder gathered;

    PyObject *base;    /* the path of the root: the index of one text of many */
    PyObject *prefix;  /* that of the innermost container; kept where events are told */
    PyObject *growing; /* that of the string that grows; NULL where no events are told */
    PyObject *string;  /* that string, as far as it is shown; NULL before it is */
    Py_ssize_t room;   /* for characters of ASCII behind its end */
    PyObject *value; /* the root list's last element: an attribute costs least as a member */
    PyObject *nothing; /* the empty list that `feed` gave last */
    PyObject *parse_float;
    PyObject *events; /* under way or, of `LiveValue`, the last; NULL is an empty list */
    PyObject *error;  /* NULL is None */

    Level first_levels[FIRST_LEVELS];
    char first_carried[FIRST_CARRIED];
} Core;

/* More room, outside the object, for what stands in it while it is small: `first`. */
static void *
moved(void *held, const void *first, size_t first_size, size_t size)
{
    void *room = PyMem_Realloc(held == first ? NULL : held, size);
    if (!room)
        PyErr_NoMemory();
    else if (held == first)
        memcpy(room, first, first_size);
    return room;
}

INLINE Level *
innermost(Core *t)
{
    return &t->levels[t->depth];
}

/* Where the next character stands once this value is whole. */
INLINE int
after(Core *t)
{
    return !t->depth ? END : t->in_object ? AFTER_MEMBER : AFTER_ELEMENT;
}

INLINE int
is_growing(Core *t)
{
    return t->at == IN_STRING || t->at == IN_ESCAPE;
}

#endif
