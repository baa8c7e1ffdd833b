/* Cache salts as the second decoder remembers them: a list, by words. */
#include "oracle_decode.h"

#include <stdio.h>
#include <stdlib.h>

/* The event's rank and partition in words, malloced. Texts are in quotes by their length. */
static char *owner_of(const struct oracle *o)
{
    const struct kvx_feed_scope none = {0}, *s = o->scope ? o->scope : &none;
    size_t size = 100 + s->model.len + s->tenant.len + s->additional_salt.len;
    char *out = malloc(size);
    snprintf(out, size, "%u %d %zu:%.*s %zu:%.*s %d %zu:%.*s %u", o->rank, o->scope != NULL, s->model.len,
             (int)s->model.len, s->model.len ? s->model.data : "", s->tenant.len, (int)s->tenant.len,
             s->tenant.len ? s->tenant.data : "", s->has_salt, s->additional_salt.len,
             (int)s->additional_salt.len, s->additional_salt.len ? s->additional_salt.data : "",
             s->block_size);
    return out;
}

static struct oracle_salt *find(const struct oracle *o, const char *owner, uint64_t hash)
{
    struct oracle_salt *s = o->salts;
    while (s && (s->hash != hash || strcmp(s->owner, owner) != 0))
        s = s->next;
    return s;
}

const struct oracle_salt *oracle_salt_find(const struct oracle *o, uint64_t hash)
{
    char *owner = owner_of(o);
    const struct oracle_salt *s = find(o, owner, hash);
    free(owner);
    return s;
}

void oracle_salt_learn(struct oracle *o, uint64_t hash, struct kvx_bytes salt, bool ambiguous)
{
    char *owner = owner_of(o);
    struct oracle_salt *s = find(o, owner, hash);
    if (s) {
        bool same = !ambiguous && s->salt && kvx_bytes_equal(salt, (struct kvx_bytes){s->salt, s->len});
        if (!same) {
            free(s->salt);
            s->salt = NULL;
        }
    } else if (ambiguous || salt.len) {
        s = malloc(sizeof *s);
        *s = (struct oracle_salt){o->salts, owner, hash, NULL, salt.len};
        if (!ambiguous) {
            s->salt = malloc(salt.len);
            memcpy(s->salt, salt.data, salt.len);
        }
        o->salts = s;
        return;
    }
    free(owner);
}

static void drop(struct oracle *o, const char *owner)
{
    for (struct oracle_salt **link = &o->salts; *link;) {
        struct oracle_salt *s = *link;
        if (owner && strcmp(s->owner, owner) != 0) {
            link = &s->next;
            continue;
        }
        *link = s->next;
        free(s->owner);
        free(s->salt);
        free(s);
    }
}

void oracle_salt_clear(struct oracle *o)
{
    char *owner = owner_of(o);
    drop(o, owner);
    free(owner);
}

void oracle_forget(struct oracle *o)
{
    drop(o, NULL);
    o->n_groups = 0;
}
