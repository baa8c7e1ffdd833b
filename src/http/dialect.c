#include "dialect.h"

#define NAME(f) (int)(f)->name.len, (f)->name.data

static bool is_there(const struct kvx_json_field *f, const void *request)
{
    return f->has_offset == KVX_JSON_ALWAYS || *(const bool *)((const char *)request + f->has_offset);
}

/* The field by whose presence a dialect is chosen. */
static const struct kvx_json_field *selector(const struct kvx_json_type *type, unsigned dialect)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].selects == 1 + dialect)
            return &type->fields[i];
    return NULL;
}

/* The present field that chooses the dialect, NULL for the first one. */
static int chosen(const struct kvx_json_type *type, const void *request, const struct kvx_json_field **out,
                  struct kvx_error *e)
{
    *out = NULL;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct kvx_json_field *f = &type->fields[i];
        if (!f->selects || !is_there(f, request))
            continue;
        if (*out && (*out)->selects != f->selects)
            return kvx_fail(e, KVX_INVALID, "`%.*s` and `%.*s` are of two dialects: send one of them",
                            NAME(*out), NAME(f));
        *out = *out ? *out : f;
    }
    return 0;
}

static int foreign(const struct kvx_json_type *type, const struct kvx_json_field *f,
                   const struct kvx_json_field *choice, struct kvx_error *e)
{
    if (choice)
        return kvx_fail(e, KVX_INVALID,
                        "`%.*s` is of another dialect than `%.*s`: send fields of one dialect", NAME(f),
                        NAME(choice));
    for (unsigned d = 1; d < KVX_HTTP_DIALECT_COUNT; d++)
        if (f->roles[d] != KVX_JSON_FOREIGN && f->roles[d] != KVX_JSON_IGNORED && selector(type, d))
            return kvx_fail(e, KVX_INVALID, "`%.*s` needs `%.*s` beside it", NAME(f),
                            NAME(selector(type, d)));
    return kvx_fail(e, KVX_INVALID, "`%.*s` is of no use without a model", NAME(f));
}

/* Does the dialect have all that is there? */
static int check_known(const struct kvx_json_type *type, const void *request, unsigned dialect,
                       const struct kvx_json_field *choice, struct kvx_error *e)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].roles[dialect] == KVX_JSON_FOREIGN && is_there(&type->fields[i], request))
            return foreign(type, &type->fields[i], choice, e);
    return 0;
}

/* Is all there that the dialect requires? */
static int check_complete(const struct kvx_json_type *type, const void *request, unsigned dialect,
                          const struct kvx_json_field *choice, struct kvx_error *e)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct kvx_json_field *f = &type->fields[i];
        if (f->roles[dialect] != KVX_JSON_REQUIRED || is_there(f, request))
            continue;
        return choice ? kvx_fail(e, KVX_INVALID, "`%.*s` is required beside `%.*s`", NAME(f), NAME(choice))
                      : kvx_fail(e, KVX_INVALID, "`%.*s` is required", NAME(f));
    }
    return 0;
}

int dialect_of(const struct kvx_json_type *type, const void *request, enum kvx_http_dialect *out,
               struct kvx_error *e)
{
    const struct kvx_json_field *choice;
    int r = chosen(type, request, &choice, e);
    if (r)
        return r;
    unsigned dialect = choice ? choice->selects - 1u : KVX_HTTP_DIALECT_FIRST;
    r = check_known(type, request, dialect, choice, e);
    if (r == 0)
        r = check_complete(type, request, dialect, choice, e);
    if (r == 0)
        *out = (enum kvx_http_dialect)dialect;
    return r;
}

int plain_register(struct kvx_http_call *c, const struct kvx_register_args *args,
                   struct kvx_http_register_answer *answer)
{
    answer->which = KVX_HTTP_REGISTER_ANSWER_STATUS;
    answer->value.status.status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_register(c->service, args, c->error);
}

int plain_unregister(struct kvx_http_call *c, const struct kvx_unregister_args *args,
                     struct kvx_http_unregister_answer *answer)
{
    const struct kvx_removed_worker *removed; /* this answer does not say */
    size_t n;
    answer->which = KVX_HTTP_UNREGISTER_ANSWER_STATUS;
    answer->value.status.status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_unregister(c->service, c->arena, args, &removed, &n, c->error);
}
