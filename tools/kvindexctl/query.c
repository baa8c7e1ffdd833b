/* kvindexctl query: reads the prompt, asks, and shows who holds how much of it. */
#include "candidates.h"
#include "files.h"
#include "numbers.h"
#include "run.h"
#include "view.h"

enum { CANDIDATES_BYTES = 64 << 20 };

/* Where the prompt stands, and in which form. */
struct prompt {
    const char *list, *file, *option; /* one of the first two */
    bool hashes, sequence;
};

static struct prompt find_prompt(const struct ctl_settings *s)
{
    if (s->sequence_hashes || s->sequence_hashes_file)
        return (struct prompt){s->sequence_hashes, s->sequence_hashes_file, "--sequence-hashes", true, true};
    if (s->hashes || s->hashes_file)
        return (struct prompt){s->hashes, s->hashes_file, "--hashes", true, false};
    return (struct prompt){s->tokens, s->tokens_file, "--tokens", false, false};
}

static int read_prompt(const struct prompt *p, struct ctl_numbers *numbers, struct kvx_error *e)
{
    if (p->list)
        return ctl_numbers_parse(numbers, &kvx_system_allocator, p->hashes, kvx_bytes_of(p->list), p->option,
                                 e);
    struct kvx_buf text;
    kvx_buf_init(&text, &kvx_system_allocator, CTL_INPUT_MAX);
    int status = ctl_read(p->file, &text, e);
    if (status == KVX_OK)
        status = ctl_numbers_parse(numbers, &kvx_system_allocator, p->hashes,
                                   (struct kvx_bytes){text.data, text.len},
                                   strcmp(p->file, "-") == 0 ? "standard input" : p->file, e);
    kvx_buf_free(&text);
    return status;
}

static void set_prompt(struct kvindex_query *q, const struct prompt *p, const struct ctl_numbers *numbers)
{
    if (p->sequence) {
        q->sequence_hashes = numbers->hashes;
        q->n_sequence_hashes = numbers->n;
    } else if (p->hashes) {
        q->block_hashes = numbers->hashes;
        q->n_block_hashes = numbers->n;
    } else {
        q->token_ids = numbers->tokens;
        q->n_token_ids = numbers->n;
    }
}

static int ask(struct run *r, const struct kvindex_query *q)
{
    const struct kvindex_result *result;
    if (kvindex_query(r->client, q, &result, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    if (r->settings->json)
        ctl_json_result(&r->text, result);
    else
        ctl_view_result(&r->text, result);
    kvindex_result_free(result);
    return ctl_show(r, CTL_OK);
}

int ctl_run_query(struct run *r)
{
    const struct ctl_settings *s = r->settings;
    const struct prompt prompt = find_prompt(s);
    struct ctl_numbers numbers = {.allocator = &kvx_system_allocator};
    struct kvx_arena arena;
    struct kvindex_query q = {
        .lora_name = s->lora,
        .cache_salt = s->cache_salt,
        .bigrams = s->bigrams,
        .partition = ctl_partition(s),
        .n_candidates = s->n_candidates,
        .max_hits = (uint32_t)s->limit,
        .every_worker = s->all,
    };
    kvx_arena_init(&arena, &kvx_system_allocator, CANDIDATES_BYTES);
    int status = ctl_candidates_parse(s->candidates, s->n_candidates, &arena, &q.candidates, &r->local);
    if (status == KVX_OK)
        status = read_prompt(&prompt, &numbers, &r->local);
    set_prompt(&q, &prompt, &numbers);
    int exit_code = status == KVX_OK ? ask(r, &q) : ctl_local_failure(r);
    ctl_numbers_free(&numbers);
    kvx_arena_reset(&arena);
    return exit_code;
}
