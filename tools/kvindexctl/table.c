#include "table.h"

#include <string.h>

enum { CELLS_BYTES_MAX = 256 << 20, GAP = 2 };

void ctl_table_init(struct ctl_table *t, const struct ctl_column *columns,
                    const struct kvx_allocator *allocator)
{
    *t = (struct ctl_table){.columns = columns};
    while (columns[t->n_columns].title)
        t->n_columns++;
    kvx_buf_init(&t->cells, allocator, CELLS_BYTES_MAX);
}

void ctl_table_free(struct ctl_table *t)
{
    kvx_buf_free(&t->cells);
}

void ctl_print_safe(struct kvx_buf *out, const char *text)
{
    bool utf8 = kvx_bytes_is_text(kvx_bytes_of(text));
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool control = *p < 0x20 || *p == 0x7f || (*p >= 0x80 && !utf8);
        bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F: controls too */
        kvx_buf_char(out, control || c1 ? '?' : (char)*p);
        p += c1;
    }
}

void ctl_table_text(struct ctl_table *t, const char *text)
{
    ctl_print_safe(&t->cells, text);
    kvx_buf_char(&t->cells, 0);
}

void ctl_table_u64(struct ctl_table *t, uint64_t value)
{
    kvx_buf_u64(&t->cells, value);
    kvx_buf_char(&t->cells, 0);
}

/* Characters of well-formed UTF-8: bytes that do not continue one. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void pad(struct kvx_buf *out, size_t n)
{
    while (n--)
        kvx_buf_char(out, ' ');
}

/* No blanks at the end of a line. */
static void print_cell(const struct ctl_table *t, size_t column, size_t width, const char *text,
                       struct kvx_buf *out)
{
    bool last = column + 1 == t->n_columns;
    size_t rest = width - width_of(text);
    if (t->columns[column].right)
        pad(out, rest);
    kvx_buf_text(out, text);
    if (!t->columns[column].right && !last)
        pad(out, rest);
    if (last)
        kvx_buf_char(out, '\n');
    else
        pad(out, GAP);
}

void ctl_table_print(struct ctl_table *t, struct kvx_buf *out)
{
    size_t widths[CTL_COLUMNS_MAX] = {0}, column = 0;
    if (!kvx_buf_ok(&t->cells)) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < t->n_columns; i++)
        widths[i] = width_of(t->columns[i].title);
    for (size_t at = 0; at < t->cells.len; at += strlen(t->cells.data + at) + 1) {
        size_t width = width_of(t->cells.data + at);
        if (width > widths[column])
            widths[column] = width;
        column = column + 1 < t->n_columns ? column + 1 : 0;
    }
    for (size_t i = 0; i < t->n_columns; i++)
        print_cell(t, i, widths[i], t->columns[i].title, out);
    column = 0;
    for (size_t at = 0; at < t->cells.len; at += strlen(t->cells.data + at) + 1) {
        print_cell(t, column, widths[column], t->cells.data + at, out);
        column = column + 1 < t->n_columns ? column + 1 : 0;
    }
}
