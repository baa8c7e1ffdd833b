#include "recover_fetch.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdint.h>

enum {
    POLL_MS = 50,
    CONNECT_MS_MAX = 5000,
    /* A peer may take its time before the first byte; --recovery-timeout bounds that. These catch one that
     * dies midway when that time is long. */
    SLOW_BYTES_PER_S = 1000,
    SLOW_S = 15,
    CHUNK_BYTES = 512 * 1024,
};

struct transfer {
    const struct kvx_fetch *fetch;
    CURL *easy;
    uint64_t bytes;
    int code; /* why we ended it ourselves; 0: we did not */
    struct kvx_error error;
    char why[CURL_ERROR_SIZE];
};

static int judge_piece(struct transfer *t, struct kvx_bytes piece)
{
    const struct kvx_fetch *f = t->fetch;
    long status = 0;
    if (f->stop(f->user))
        return kvx_fail(&t->error, KVX_CANCELLED, "stopped");
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return kvx_fail(&t->error, KVX_UNAVAILABLE, "the peer answered with status %ld", status);
    if (piece.len > f->bytes_max - t->bytes)
        return kvx_fail(&t->error, KVX_TOO_LARGE, "the dump has more than %" PRIu64 " bytes", f->bytes_max);
    t->bytes += piece.len;
    return f->take(f->user, piece, &t->error);
}

static size_t take_piece(char *data, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    size_t len = size * n; /* size is 1 */
    t->code = judge_piece(t, (struct kvx_bytes){data, len});
    return t->code ? len + 1 : len; /* another number ends the transfer */
}

static long milliseconds(uint64_t ns)
{
    uint64_t ms = ns / KVX_MS(1);
    return ms > INT32_MAX ? INT32_MAX : ms ? (long)ms : 1;
}

static bool set_options(struct transfer *t, struct curl_slist *headers)
{
    CURL *c = t->easy;
    long total = milliseconds(t->fetch->timeout_ns);
    int failed = 0;
    failed |= curl_easy_setopt(c, CURLOPT_URL, t->fetch->url) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_PROXY, "") != CURLE_OK; /* none, whatever the environment says */
    failed |= curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
    /* An unanswered look-up of a name does not hold up the end. */
    failed |= curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, total) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                               total < CONNECT_MS_MAX ? total : (long)CONNECT_MS_MAX) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)CHUNK_BYTES) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_piece) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t) != CURLE_OK;
    failed |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why) != CURLE_OK;
    return !failed;
}

/* What became of it. An answer without a body has not been judged yet. */
static int conclude(struct transfer *t, CURLcode result, struct kvx_error *e)
{
    long status = 0;
    if (t->code)
        return kvx_fail(e, t->code, "%s", t->error.text);
    if (result == CURLE_OUT_OF_MEMORY)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    if (result != CURLE_OK)
        return kvx_fail(e, KVX_UNAVAILABLE, "%s", t->why[0] ? t->why : curl_easy_strerror(result));
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return kvx_fail(e, KVX_UNAVAILABLE, "the peer answered with status %ld", status);
    return 0;
}

static int run(struct transfer *t, CURLM *multi, struct kvx_error *e)
{
    for (;;) {
        int running, left;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return kvx_fail(e, KVX_NOMEM, "out of memory");
        const CURLMsg *message = curl_multi_info_read(multi, &left);
        if (message)
            return conclude(t, message->data.result, e);
        if (t->fetch->stop(t->fetch->user))
            return kvx_fail(e, KVX_CANCELLED, "stopped");
        if (curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return kvx_fail(e, KVX_NOMEM, "out of memory");
    }
}

int kvx_fetch(const struct kvx_fetch *fetch, struct kvx_error *e)
{
    struct transfer t = {.fetch = fetch};
    int status = KVX_NOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return kvx_fail(e, status, "out of memory");
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    CURLM *multi = curl_multi_init();
    t.easy = curl_easy_init();
    if (!headers || !multi || !t.easy || !set_options(&t, headers) ||
        curl_multi_add_handle(multi, t.easy) != CURLM_OK) {
        kvx_fail(e, status, "out of memory");
    } else {
        status = run(&t, multi, e);
        curl_multi_remove_handle(multi, t.easy);
    }
    curl_easy_cleanup(t.easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return status;
}
