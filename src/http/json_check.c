#include "json_decode.h"

#include <inttypes.h>
#include <stdio.h>

int kvx_json_check_length(struct kvx_bytes name, struct kvx_bytes text, uint64_t min, uint64_t max,
                          struct kvx_error *e)
{
    if (text.len >= min && text.len <= max)
        return 0;
    return kvx_fail(e, KVX_INVALID, "`%.*s`: %zu bytes, but %" PRIu64 "..%" PRIu64 " are allowed",
                    (int)name.len, name.data, text.len, min, max);
}

int kvx_json_find_name(const struct kvx_json_field *f, struct kvx_bytes text, void *out, struct kvx_error *e)
{
    char known[200] = "";
    size_t used = 0;
    for (unsigned i = 0; i < f->type->n_names; i++) {
        const struct kvx_bytes name = f->type->names[i];
        if (kvx_bytes_equal(text, name)) {
            memcpy(out, &i, sizeof(i));
            return 0;
        }
        int len =
            snprintf(known + used, sizeof(known) - used, "%s%.*s", i ? ", " : "", (int)name.len, name.data);
        used = used + (size_t)len < sizeof(known) ? used + (size_t)len : sizeof(known) - 1;
    }
    return kvx_fail(e, KVX_INVALID, "`%.*s`: not one of the known values, which are %s", (int)f->name.len,
                    f->name.data, known);
}
