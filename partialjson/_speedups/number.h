/* Numbers (RFC 8259, section 6): where the grammar stops, and what value they have. */
#ifndef PARTIALJSON_NUMBER_H
#define PARTIALJSON_NUMBER_H

#include "state.h"
#include <float.h>

typedef struct {
    Py_ssize_t length; /* of what the grammar allows */
    int is_whole;      /* else more must follow */
    int is_negative;
    int is_integer;
    Py_ssize_t digits; /* of the mantissa, without zeros in front */
    uint64_t mantissa;
    Py_ssize_t exponent;
} Number;

INLINE int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

INLINE const char *
add_digits(const char *s, Number *n)
{
    for (; is_digit(*s); s++) {
        n->mantissa = n->mantissa * 10 + (uint64_t)(*s - '0');
        n->digits += n->mantissa != 0 || n->digits;
    }
    return s;
}

/* The exponent in `s`, bounded so that nothing overflows, and so high that no number is long enough
 * to make up for it. */
INLINE const char *
add_exponent(const char *s, Number *n)
{
    Py_ssize_t value = 0, sign = *s == '-' ? -1 : 1;
    if (*s == '-' || *s == '+')
        s++;
    n->is_whole = is_digit(*s);
    for (; is_digit(*s); s++)
        value = value < PY_SSIZE_T_MAX / 40 ? value * 10 + (*s - '0') : value;
    n->exponent += sign * value;
    return s;
}

/* Reads a text that ends with a zero byte, as far as it is a number or the beginning of one. */
INLINE void
read_number(const char *text, Number *n)
{
    const char *s = text;
    *n = (Number){.is_integer = 1};
    n->is_negative = *s == '-';
    s += n->is_negative;
    n->is_whole = is_digit(*s);
    if (*s == '0')
        s++;
    else
        s = add_digits(s, n);
    if (n->is_whole && *s == '.') {
        const char *point = s++;
        s = add_digits(s, n);
        n->exponent = point + 1 - s;
        n->is_integer = 0;
        n->is_whole = s > point + 1;
    }
    if (n->is_whole && (*s == 'e' || *s == 'E')) {
        n->is_integer = 0;
        s = add_exponent(s + 1, n);
    }
    n->length = s - text;
}

/* Where doubles are computed as doubles: the x87 of 32-bit builds would round twice. */
#if FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1
static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Both operands of the one operation are exact doubles, so its result is the nearest one (Clinger,
 * "How to read floating point numbers accurately", 1990). */
INLINE int
read_exactly(const Number *n, double *value)
{
    if (n->digits > 19 || n->mantissa > UINT64_C(1) << 53 || n->exponent < -22 || n->exponent > 22)
        return 0;
    *value = (double)n->mantissa;
    *value = n->exponent < 0 ? *value / TENS[-n->exponent] : *value * TENS[n->exponent];
    return 1;
}
#else
#define read_exactly(n, value) 0
#endif

#if LDBL_MANT_DIG == 64 && FLT_EVAL_METHOD == 0 && defined(__x86_64__)
/* The same with 64 bits, where powers of ten are exact up to 27. The result is within half a unit
 * of its last place, so that rounding it once more, to 53 bits, is right unless its last eleven
 * bits are next to the middle. Numbers of 16 to 19 digits: 0.6 instead of 0.9 of `json.loads`. */
static int
read_closely(const Number *n, double *value)
{
    static const long double TENS_OF_64[] = {
        1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
        1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
        1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (n->digits > 19 || !n->mantissa || n->exponent < -27 || n->exponent > 27)
        return 0;
    long double wide = (long double)n->mantissa;
    wide = n->exponent < 0 ? wide / TENS_OF_64[-n->exponent] : wide * TENS_OF_64[n->exponent];
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    unsigned last = bits & 0x7ff;
    if (last >= 0x3ff && last <= 0x401)
        return 0;
    *value = (double)wide;
    return 1;
}
#else
#define read_closely(n, value) 0
#endif

/* NULL with an exception of `int`, `float` or `parse_float` where they refuse it. */
static PyObject *
value_of(Core *t, const char *text, const Number *n)
{
    if (n->is_integer) {
        if (n->digits > 18)
            return PyLong_FromString(text, NULL, 10);
        return PyLong_FromLongLong(n->is_negative ? -(long long)n->mantissa
                                                  : (long long)n->mantissa);
    }
    if (t->parse_float != (PyObject *)&PyFloat_Type)
        return PyObject_CallFunction(t->parse_float, "s#", text, n->length);
    double value;
    if (read_exactly(n, &value) || read_closely(n, &value))
        return PyFloat_FromDouble(n->is_negative ? -value : value);
    value = PyOS_string_to_double(text, NULL, NULL);
    return value == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(value);
}

#endif
