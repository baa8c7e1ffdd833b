/* Peers: a list that is remembered. */
#include "partitions.h"

enum { PEER_URL_MAX = 1024 };

/* http://host... or https://host...: printable ASCII without spaces. The path of a dump goes behind it, which
 * a query or a fragment would swallow; and it is shown to all, so there must be no password in it. */
static bool is_url(struct kvx_bytes url)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < url.len; i++)
        if (url.data[i] <= ' ' || url.data[i] > '~' || strchr("@?#", url.data[i]))
            return false;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);
        if (url.len > len && memcmp(url.data, schemes[i], len) == 0 && url.data[len] != '/')
            return true;
    }
    return false;
}

/* Under `table`. `n_peers` if it is not there. */
static size_t find_peer(const struct kvx_service *s, struct kvx_bytes url)
{
    size_t i = 0;
    while (i < s->n_peers && !kvx_bytes_is(url, s->peers[i]))
        i++;
    return i;
}

/* Under `table`. */
static int add_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    if (find_peer(s, url) < s->n_peers)
        return KVX_OK;
    if (s->n_peers == KVX_PEERS_MAX)
        return kvx_fail(e, KVX_UNAVAILABLE, "the limit of %d peers is reached", (int)KVX_PEERS_MAX);
    char *copy = kvx_text_copy(s->config.allocator, url);
    if (!copy)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    s->peers[s->n_peers++] = copy;
    return KVX_OK;
}

int kvx_service_add_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    if (url.len > PEER_URL_MAX || !is_url(url))
        return kvx_fail(
            e, KVX_INVALID,
            "`url`: expected http://host[:port], without a user, `?` and `#`, of at most %d bytes",
            (int)PEER_URL_MAX);
    pthread_mutex_lock(&s->table);
    int status = add_peer(s, url, e);
    pthread_mutex_unlock(&s->table);
    return status;
}

int kvx_service_remove_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    pthread_mutex_lock(&s->table);
    size_t i = find_peer(s, url);
    bool found = i < s->n_peers;
    if (found) {
        kvx_text_free(s->config.allocator, s->peers[i]);
        s->n_peers--;
        memmove(&s->peers[i], &s->peers[i + 1], (s->n_peers - i) * sizeof(s->peers[0]));
    }
    pthread_mutex_unlock(&s->table);
    return found ? KVX_OK : kvx_fail(e, KVX_NOT_FOUND, "peer not found");
}

int kvx_service_list_peers(struct kvx_service *s, struct kvx_arena *arena, const struct kvx_bytes **out,
                           size_t *n, struct kvx_error *e)
{
    pthread_mutex_lock(&s->table);
    struct kvx_bytes *urls = kvx_arena_array(arena, s->n_peers, sizeof(*urls));
    bool ok = urls != NULL;
    size_t count = s->n_peers;
    for (size_t i = 0; ok && i < count; i++) {
        urls[i] = (struct kvx_bytes){kvx_arena_text(arena, kvx_bytes_of(s->peers[i])), strlen(s->peers[i])};
        ok = urls[i].data != NULL;
    }
    pthread_mutex_unlock(&s->table);
    if (!ok)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = urls;
    *n = count;
    return KVX_OK;
}
