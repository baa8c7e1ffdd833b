#include "base/err.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    int code, http, grpc;
    const char *name, *text;
};

static const struct code_row rows[] = {
#define KVX_CODE_ROW(name, value, http, grpc, text) {value, http, grpc, #name, text},
    KVX_CODES(KVX_CODE_ROW)
#undef KVX_CODE_ROW
};

static const struct code_row *find_row(int code)
{
    const size_t n = sizeof(rows) / sizeof(rows[0]);
    for (size_t i = 0; i < n; i++)
        if (rows[i].code == code)
            return &rows[i];
    return find_row(KVX_INTERNAL); /* a code outside the table is a bug of ours */
}

/* A text of the caller's may have been cut inside a character, here or by a precision: gRPC's texts must be
 * UTF-8. */
static void mend(char *text)
{
    size_t len = strlen(text), n;
    for (size_t i = 0; i < len; i += n ? n : 1) {
        n = kvx_utf8_length(text + i, len - i);
        if (!n)
            text[i] = '?';
    }
}

int kvx_fail(struct kvx_error *e, int code, const char *format, ...)
{
    if (e) {
        va_list args;
        e->code = code;
        va_start(args, format);
        vsnprintf(e->text, sizeof(e->text), format, args);
        va_end(args);
        mend(e->text);
    }
    return code;
}

int kvx_code_http(int code)
{
    return find_row(code)->http;
}

int kvx_code_grpc(int code)
{
    return find_row(code)->grpc;
}

const char *kvx_code_text(int code)
{
    return find_row(code)->text;
}
