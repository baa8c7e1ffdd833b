/* Any bytes as a peer's dump: read whole and in pieces with the same outcome, and judged against jansson's
 * tree.
 *
 * Where jansson refuses only the pieces are compared. Limits of ours that
 * the tree does not know: nesting, the length of names, and names that come after the events they belong to.
 */
#include "fuzz.h"

#include "oracle_dump.h"
#include "recover_dump.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static int keep(void *user, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    (void)e;
    require(run->n > 0 && run->instance.len > 0 && run->partition.block_size > 0,
            "a run that must not be stored");
    require(run->partition.model.len > 0 && run->partition.tenant.len > 0, "a partition without a name");
    oracle_dump_run(user, run);
    return 0;
}

static int read_in_pieces(struct kvx_bytes text, size_t piece, struct kvx_buf *runs, struct kvx_error *e)
{
    struct kvx_dump_reader *r;
    const struct kvx_dump_reader_config config = {
        .allocator = &kvx_system_allocator,
        .value_bytes_max = 1 << 20,
        .plain = {.model = kvx_bytes_of("m"),
                  .tenant = kvx_bytes_of("g"),
                  .has_salt = true,
                  .block_size = 16},
        .store = keep,
        .user = runs,
    };
    require(kvx_dump_reader_new(&r, &config) == 0, "memory");
    int status = 0;
    for (size_t at = 0; at < text.len && status == 0; at += piece) {
        size_t n = piece < text.len - at ? piece : text.len - at;
        char *copy = malloc(n);
        memcpy(copy, text.data + at, n);
        status = kvx_dump_reader_feed(r, (struct kvx_bytes){copy, n}, e);
        free(copy);
    }
    if (status == 0)
        status = kvx_dump_reader_finish(r, e);
    kvx_dump_reader_free(r);
    require(status == 0 || e->text[0], "a failure without a reason");
    return status;
}

static bool only_we_limit(const struct kvx_error *e)
{
    static const char *const limits[] = {"nested too deeply", "a name of more than", "after `events`",
                                         "before `events`"};
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        if (strstr(e->text, limits[i]))
            return true;
    return false;
}

static bool same(const struct kvx_buf *a, const struct kvx_buf *b)
{
    return kvx_buf_ok(a) && kvx_buf_ok(b) &&
           kvx_bytes_equal((struct kvx_bytes){a->data, a->len}, (struct kvx_bytes){b->data, b->len});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kvx_bytes text = {(const char *)data, size};
    struct kvx_buf ours, pieces, theirs;
    struct kvx_error e = {0}, ignored = {0};
    kvx_buf_init(&ours, &kvx_system_allocator, 1 << 26);
    kvx_buf_init(&pieces, &kvx_system_allocator, 1 << 26);
    kvx_buf_init(&theirs, &kvx_system_allocator, 1 << 26);

    int status = read_in_pieces(text, size ? size : 1, &ours, &e);
    int in_pieces = read_in_pieces(text, 1 + size % 13, &pieces, &ignored);
    require(status == in_pieces && same(&ours, &pieces), "the outcome depends on the pieces");

    enum oracle_verdict verdict = oracle_dump(text, &theirs);
    if (verdict == ORACLE_GOOD)
        require(status == 0 ? same(&ours, &theirs) : only_we_limit(&e),
                "a good dump was refused or read differently");
    else if (verdict == ORACLE_BAD)
        require(status != 0, "a bad dump was taken");
    kvx_buf_free(&ours);
    kvx_buf_free(&pieces);
    kvx_buf_free(&theirs);
    return 0;
}
