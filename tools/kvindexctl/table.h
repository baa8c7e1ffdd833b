/* A table for people: aligned columns under a line of titles. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "base/buf.h"

enum { CTL_COLUMNS_MAX = 16 };

struct ctl_column {
    const char *title; /* NULL ends the list */
    bool right;        /* numbers stand to the right */
};

/* Embedded. Cells are added row by row and kept as texts, each ended by NUL. */
struct ctl_table {
    const struct ctl_column *columns;
    size_t n_columns;
    struct kvx_buf cells;
};

void ctl_table_init(struct ctl_table *, const struct ctl_column *, const struct kvx_allocator *);
/* Control characters, and whatever is not UTF-8, become `?`: a server's texts must not steer a terminal. */
void ctl_table_text(struct ctl_table *, const char *);
void ctl_table_u64(struct ctl_table *, uint64_t);
/* Appends the table to `out`; when memory ran out, `out` becomes failed. */
void ctl_table_print(struct ctl_table *, struct kvx_buf *out);
void ctl_table_free(struct ctl_table *);

/* The rule of ctl_table_text, for texts outside of tables. */
void ctl_print_safe(struct kvx_buf *out, const char *);

#endif /* CTL_TABLE_H */
