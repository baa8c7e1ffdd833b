/* Which partition a request means, and what to say when there is none. */
#include "partitions.h"

#include <stdio.h>

#define DEFAULT_NAME "default"

struct kvx_bytes kvx_choice_model(const struct kvx_partition_choice *c)
{
    return c->model.len ? c->model : kvx_bytes_of(DEFAULT_NAME);
}

struct kvx_bytes kvx_choice_tenant(const struct kvx_partition_choice *c)
{
    return c->tenant.len ? c->tenant : kvx_bytes_of(DEFAULT_NAME);
}

const char *kvx_choice_tenant_word(const struct kvx_partition_choice *c)
{
    return c->tenant_word ? c->tenant_word : "tenant";
}

uint32_t kvx_default_block_size(const struct kvx_service *s, const struct kvx_partition_choice *c)
{
    bool is_default =
        kvx_bytes_is(kvx_choice_model(c), DEFAULT_NAME) && kvx_bytes_is(kvx_choice_tenant(c), DEFAULT_NAME);
    return is_default ? s->config.block_size : 0;
}

static int check_text(struct kvx_bytes text, const char *field, struct kvx_error *e)
{
    if (text.len > KVX_NAME_MAX)
        return kvx_fail(e, KVX_INVALID, "`%s`: longer than %d bytes", field, (int)KVX_NAME_MAX);
    if (!kvx_bytes_is_text(text))
        return kvx_fail(e, KVX_INVALID, "`%s`: not valid UTF-8 text", field);
    return KVX_OK;
}

int kvx_choice_check(const struct kvx_partition_choice *c, struct kvx_error *e)
{
    int status = check_text(c->model, "model", e);
    if (!status)
        status = check_text(c->tenant, kvx_choice_tenant_word(c), e);
    if (!status)
        status = check_text(c->additional_salt, "additional_salt", e);
    if (!status && c->block_size > KVX_BLOCK_SIZE_MAX)
        status =
            kvx_fail(e, KVX_INVALID, "`block_size`: %u is above %d", c->block_size, (int)KVX_BLOCK_SIZE_MAX);
    return status;
}

bool kvx_choice_fits(const struct kvx_partition_choice *c, const struct kvx_partition *p)
{
    return (c->any_model || kvx_bytes_equal(kvx_choice_model(c), p->name.model)) &&
           (c->any_tenant || kvx_bytes_equal(kvx_choice_tenant(c), p->name.tenant)) &&
           (!c->has_salt || kvx_bytes_equal(c->additional_salt, p->name.additional_salt)) &&
           (!c->block_size || c->block_size == p->name.block_size);
}

struct kvx_partition *kvx_partition_find(const struct kvx_service *s, const struct kvx_partition_choice *c,
                                         size_t *fitting)
{
    struct kvx_partition *found = NULL, *unsalted = NULL;
    size_t n = 0, n_unsalted = 0;
    for (struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        if (!kvx_choice_fits(c, p))
            continue;
        found = p;
        n++;
        if (!p->name.additional_salt.len) {
            unsalted = p;
            n_unsalted++;
        }
    }
    *fitting = n;
    return n == 1 ? found : n_unsalted == 1 ? unsalted : NULL;
}

/* "model/tenant block_size 16, ...", all there are, or those that fit `c`; cut where the message would be. */
static void list_partitions(const struct kvx_service *s, const struct kvx_partition_choice *c, char *out,
                            size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (const struct kvx_partition *p = kvx_partition_first(s); p && used < size;
         p = kvx_partition_next(p)) {
        if (c && !kvx_choice_fits(c, p))
            continue;
        bool salted = p->name.additional_salt.len > 0;
        int n = snprintf(out + used, size - used, "%s%s/%s block_size %u%s%s", used ? ", " : "",
                         p->name.model.data, p->name.tenant.data, p->name.block_size,
                         salted ? " additional_salt " : "", salted ? p->name.additional_salt.data : "");
        used += n > 0 ? (size_t)n : 0;
    }
}

int kvx_partition_unknown(const struct kvx_service *s, const struct kvx_partition_choice *c,
                          struct kvx_error *e)
{
    char known[KVX_ERROR_TEXT_MAX], more[64] = "";
    struct kvx_bytes model = kvx_choice_model(c), tenant = kvx_choice_tenant(c);
    list_partitions(s, NULL, known, sizeof(known));
    if (c->block_size)
        snprintf(more, sizeof(more), " block_size=%u", c->block_size);
    return kvx_fail(e, KVX_NOT_FOUND, "no indexer for model=%.*s %s=%.*s%s%s%.*s; known: %s", (int)model.len,
                    model.data, kvx_choice_tenant_word(c), (int)tenant.len, tenant.data, more,
                    c->has_salt && c->additional_salt.len ? " additional_salt=" : "",
                    c->has_salt ? (int)c->additional_salt.len : 0, c->has_salt ? c->additional_salt.data : "",
                    known[0] ? known : "none");
}

int kvx_partition_several(const struct kvx_service *s, const struct kvx_partition_choice *c,
                          struct kvx_error *e)
{
    char fitting[KVX_ERROR_TEXT_MAX];
    list_partitions(s, c, fitting, sizeof(fitting));
    return kvx_fail(e, KVX_INVALID, "`block_size`: several partitions fit, say which block size or salt: %s",
                    fitting);
}
