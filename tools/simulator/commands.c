#include "commands.h"
#include "base/clock.h"
#include "memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A command's arguments, already taken apart. */
struct call {
    struct sim_fleet *fleet;
    uint32_t first, last; /* workers first..last */
    const char *rest;     /* what follows the worker */
    struct sim_prompt *prompt;
    struct kvx_buf *answer;
};

static const char help[] =
    "{\"commands\":[\"go [REQUESTS]: play on, up to the end or for that many requests\","
    "\"wait: answer once everything was sent\",\"pause: stop after the request under way\","
    "\"subscribers SECONDS: answer once every worker has a subscriber\",\"status\","
    "\"prompt WORKER|* [TOKENS]: run a prompt through a worker's cache\","
    "\"pin WORKER|* [TOKENS]: hold a new prompt for ever, announced at once, ahead of what waits to be "
    "sent\","
    "\"rate N: blocks a second from the next go on, 0: flat out\","
    "\"remove WORKER|* BLOCK [TOKENS]: drop block number BLOCK of a prompt, leaving a hole\","
    "\"clear WORKER|*: AllBlocksCleared\",\"restart WORKER|*\",\"stop WORKER|*\",\"start WORKER|*\","
    "\"lose WORKER|* N: the next N batches are kept for replay but not sent\","
    "\"skip WORKER|*: use up a sequence number for nothing\","
    "\"replay WORKER|* on|off: whether replay requests are answered\","
    "\"expect [TOKENS]: the exact score of a prompt on every worker\","
    "\"sample N [MAX_TOKENS]: N prompts with their exact scores\","
    "\"state WORKER|*: every block held, as [engine hash, parent's engine hash or null]\",\"quit\"]}";

static void fail(struct kvx_buf *answer, const char *text)
{
    kvx_buf_clear(answer);
    kvx_buf_text(answer, "{\"error\":");
    kvx_buf_json(answer, kvx_bytes_of(text));
    kvx_buf_char(answer, '}');
}

static void ok(struct kvx_buf *answer)
{
    kvx_buf_text(answer, "{\"ok\":true}");
}

/* Reads "3 rest" or "* rest". */
static bool parse_workers(struct call *c, const char *text)
{
    char *end;
    if (text[0] == '*') {
        c->first = 0;
        c->last = c->fleet->options.workers - 1;
        end = (char *)text + 1;
    } else {
        unsigned long worker = strtoul(text, &end, 10);
        if (end == text || worker >= c->fleet->options.workers)
            return false;
        c->first = c->last = (uint32_t)worker;
    }
    c->rest = end + strspn(end, " \t\r");
    return true;
}

/* Reads a JSON array of token ids into the prompt and hashes it. */
static bool parse_prompt(struct call *c, const char *text)
{
    json_t *tokens = json_loads(text, 0, NULL);
    bool good = json_is_array(tokens);
    if (good)
        sim_prompt_resize(c->prompt, json_array_size(tokens));
    for (size_t i = 0; good && i < json_array_size(tokens); i++) {
        json_t *token = json_array_get(tokens, i);
        good = json_is_integer(token) && json_integer_value(token) >= 0 &&
               json_integer_value(token) <= UINT32_MAX;
        if (good)
            c->prompt->tokens[i] = (uint32_t)json_integer_value(token);
    }
    json_decref(tokens);
    if (good)
        sim_prompt_hash(c->prompt, c->fleet->options.block_size);
    return good;
}

/* "scores":{"worker":blocks,...},"held":{"worker":blocks,...} for the workers that hold the first block. */
static void write_scores(const struct sim_fleet *f, const struct sim_prompt *p, struct kvx_buf *answer)
{
    for (int held = 0; held < 2; held++) {
        const char *separator = "";
        kvx_buf_text(answer, held ? ",\"held\":{" : "\"scores\":{");
        for (uint32_t i = 0; i < f->options.workers; i++) {
            size_t score = sim_engine_score(&f->engines[i], p);
            if (!score)
                continue;
            kvx_buf_printf(answer, "%s\"%u\":%zu", separator, i,
                           held ? sim_engine_held(&f->engines[i]) : score);
            separator = ",";
        }
        kvx_buf_char(answer, '}');
    }
}

static void do_expect(struct call *c)
{
    if (!parse_prompt(c, c->rest)) {
        fail(c->answer, "expect: needs a JSON array of token ids");
        return;
    }
    kvx_buf_char(c->answer, '{');
    write_scores(c->fleet, c->prompt, c->answer);
    kvx_buf_char(c->answer, '}');
}

static void do_sample(struct call *c)
{
    char *end;
    unsigned long n = strtoul(c->rest, &end, 10), max_tokens = strtoul(end, NULL, 10);
    kvx_buf_text(c->answer, "{\"prompts\":[");
    for (unsigned long i = 0; i < n; i++) {
        sim_fleet_sample(c->fleet, c->prompt, max_tokens);
        kvx_buf_text(c->answer, i ? ",{\"token_ids\":[" : "{\"token_ids\":[");
        for (size_t k = 0; k < c->prompt->n_tokens; k++) {
            if (k)
                kvx_buf_char(c->answer, ',');
            kvx_buf_u64(c->answer, c->prompt->tokens[k]);
        }
        kvx_buf_text(c->answer, "],");
        write_scores(c->fleet, c->prompt, c->answer);
        kvx_buf_char(c->answer, '}');
    }
    kvx_buf_text(c->answer, "]}");
}

/* [engine hash, parent's engine hash or null] of every block. */
static void write_blocks(const struct sim_cache *cache, uint64_t salt, bool first, struct kvx_buf *answer)
{
    uint32_t entry = cache->count ? cache->oldest : SIM_NO_ENTRY;
    for (; entry != SIM_NO_ENTRY; entry = cache->entries[entry].newer, first = false) {
        const struct sim_entry *block = &cache->entries[entry];
        kvx_buf_text(answer, first ? "[" : ",[");
        kvx_buf_u64(answer, sim_engine_hash(block->digest, salt));
        kvx_buf_char(answer, ',');
        if (block->has_parent)
            kvx_buf_u64(answer, sim_engine_hash(block->parent, salt));
        else
            kvx_buf_text(answer, "null");
        kvx_buf_char(answer, ']');
    }
}

static void write_state(const struct sim_engine *e, struct kvx_buf *answer)
{
    kvx_buf_printf(answer, "\"%u\":[", e->number);
    write_blocks(&e->cache, e->salt, true, answer);
    write_blocks(&e->pinned, e->salt, e->cache.count == 0, answer);
    kvx_buf_char(answer, ']');
}

static void do_state(struct call *c)
{
    kvx_buf_char(c->answer, '{');
    for (uint32_t i = c->first; i <= c->last; i++) {
        if (i > c->first)
            kvx_buf_char(c->answer, ',');
        write_state(&c->fleet->engines[i], c->answer);
    }
    kvx_buf_char(c->answer, '}');
}

static void do_go(struct call *c)
{
    sim_fleet_go(c->fleet, strtoul(c->rest, NULL, 10));
    ok(c->answer);
}

static void do_pause(struct call *c)
{
    c->fleet->playing = false;
    sim_fleet_flush(c->fleet);
    sim_command_played(c->fleet, c->answer);
}

static void do_prompt(struct call *c)
{
    if (!parse_prompt(c, c->rest)) {
        fail(c->answer, "prompt: needs a worker and a JSON array of token ids");
        return;
    }
    for (uint32_t i = c->first; i <= c->last; i++) {
        struct sim_engine *e = &c->fleet->engines[i];
        if (e->up)
            sim_engine_serve(e, &c->fleet->encoder, c->prompt, &c->fleet->queue);
    }
    sim_fleet_flush(c->fleet);
    ok(c->answer);
}

/* The answer tells when the first of its events went out. */
static void do_pin(struct call *c)
{
    if (!parse_prompt(c, c->rest)) {
        fail(c->answer, "pin: needs a worker and a JSON array of token ids");
        return;
    }
    uint64_t sent_ns = kvx_now_ns();
    for (uint32_t i = c->first; i <= c->last; i++) {
        struct sim_engine *e = &c->fleet->engines[i];
        if (e->up && !sim_engine_pin(e, &c->fleet->encoder, c->prompt)) {
            fail(c->answer, "pin: a block is held already, or there is no room for so many");
            return;
        }
    }
    kvx_buf_printf(c->answer, "{\"sent_ns\":%llu}", (unsigned long long)sent_ns);
}

static void do_rate(struct call *c)
{
    char *end;
    double rate = strtod(c->rest, &end);
    if (end == c->rest || !(rate >= 0)) {
        fail(c->answer, "rate: needs a number of blocks a second");
        return;
    }
    c->fleet->options.rate = rate;
    ok(c->answer);
}

static void do_remove(struct call *c)
{
    char *end;
    unsigned long block = strtoul(c->rest, &end, 10);
    if (end == c->rest || !parse_prompt(c, end) || block >= c->prompt->n_blocks) {
        fail(c->answer, "remove: needs a worker, a block number and a JSON array of token ids that has it");
        return;
    }
    unsigned removed = 0;
    for (uint32_t i = c->first; i <= c->last; i++) {
        struct sim_engine *e = &c->fleet->engines[i];
        removed +=
            e->up && sim_engine_drop(e, &c->fleet->encoder, c->prompt->digests[block], &c->fleet->queue);
    }
    sim_fleet_flush(c->fleet);
    kvx_buf_printf(c->answer, "{\"removed\":%u}", removed);
}

static void clear_engine(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)rest; /* takes no argument */
    if (e->up)
        sim_engine_clear(e, &f->encoder, &f->queue);
    sim_fleet_flush(f);
}

static void stop_engine(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)f, (void)rest; /* the same shape as its siblings */
    if (e->up)
        sim_engine_stop(e);
}

static void start_engine(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)rest; /* takes no argument */
    if (!e->up)
        sim_engine_start(e, f->context, &f->options);
}

static void restart_engine(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    stop_engine(f, e, rest);
    start_engine(f, e, rest);
}

static void lose_batches(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)f; /* the same shape as its siblings */
    e->wire.lose = (uint32_t)strtoul(rest, NULL, 10);
}

static void skip_number(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)f, (void)rest; /* the same shape as its siblings */
    sim_wire_skip(&e->wire);
}

static void set_replay(struct sim_fleet *f, struct sim_engine *e, const char *rest)
{
    (void)f; /* the same shape as its siblings */
    e->wire.replay_silent = !strncmp(rest, "off", 3);
}

void sim_command_played(struct sim_fleet *f, struct kvx_buf *answer)
{
    kvx_buf_printf(answer,
                   "{\"requests\":%zu,\"batches\":%llu,\"stored\":%llu,\"removed\":%llu,\"started_ns\":%llu,"
                   "\"ended_ns\":%llu}",
                   f->next_request, (unsigned long long)f->batches, (unsigned long long)f->stored,
                   (unsigned long long)f->removed, (unsigned long long)f->started_ns,
                   (unsigned long long)f->last_ns);
}

void sim_command_status(struct sim_fleet *f, struct kvx_buf *answer)
{
    kvx_buf_printf(
        answer, "{\"block_size\":%u,\"requests\":%zu,\"played\":%zu,\"queued_batches\":%zu,\"workers\":[",
        f->options.block_size, f->workload.n_requests, f->next_request, f->queue.n - f->queue.first);
    for (uint32_t i = 0; i < f->options.workers; i++) {
        const struct sim_engine *e = &f->engines[i];
        kvx_buf_printf(answer,
                       "%s{\"worker\":%u,\"endpoint\":\"%s\",\"replay_endpoint\":\"%s\",\"up\":%s,"
                       "\"next_sequence\":%llu,\"held\":%u,\"subscribers\":%u,\"replays\":%llu}",
                       i ? "," : "", i, e->wire.endpoint, e->wire.replay_endpoint, e->up ? "true" : "false",
                       (unsigned long long)e->wire.next_sequence, sim_engine_held(e), e->wire.subscribers,
                       (unsigned long long)e->wire.replays);
    }
    kvx_buf_text(answer, "]}");
}

static void do_status(struct call *c)
{
    sim_command_status(c->fleet, c->answer);
}

static void do_help(struct call *c)
{
    kvx_buf_text(c->answer, help);
}

/* What a command is about. One that names workers runs when all that is queued has been sent, or at once. */
enum subject { OF_FLEET, OF_WORKERS, OF_WORKERS_AT_ONCE };

static const struct command {
    const char *name;
    void (*run)(struct call *);                                              /* whole-fleet commands */
    void (*each)(struct sim_fleet *, struct sim_engine *, const char *rest); /* one engine at a time */
    enum subject subject;
} commands[] = {
    {"go", do_go, NULL, OF_FLEET},
    {"pause", do_pause, NULL, OF_FLEET},
    {"rate", do_rate, NULL, OF_FLEET},
    {"status", do_status, NULL, OF_FLEET},
    {"expect", do_expect, NULL, OF_FLEET},
    {"sample", do_sample, NULL, OF_FLEET},
    {"help", do_help, NULL, OF_FLEET},
    {"pin", do_pin, NULL, OF_WORKERS_AT_ONCE},
    {"prompt", do_prompt, NULL, OF_WORKERS},
    {"remove", do_remove, NULL, OF_WORKERS},
    {"state", do_state, NULL, OF_WORKERS},
    {"clear", NULL, clear_engine, OF_WORKERS},
    {"stop", NULL, stop_engine, OF_WORKERS},
    {"start", NULL, start_engine, OF_WORKERS},
    {"lose", NULL, lose_batches, OF_WORKERS},
    {"restart", NULL, restart_engine, OF_WORKERS},
    {"skip", NULL, skip_number, OF_WORKERS},
    {"replay", NULL, set_replay, OF_WORKERS},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

void sim_command_run(struct sim_fleet *f, const char *name, const char *arguments, struct kvx_buf *answer)
{
    const struct command *command = find_command(name);
    struct sim_prompt prompt = {0};
    struct call call = {.fleet = f, .rest = arguments, .prompt = &prompt, .answer = answer};
    if (!command) {
        fail(answer, "unknown command; try help");
        return;
    }
    if (command->subject != OF_FLEET && !parse_workers(&call, arguments)) {
        fail(answer, "the first argument must be the number of a worker, or *");
        return;
    }
    if (command->subject == OF_WORKERS)
        sim_fleet_flush(f);
    if (command->run)
        command->run(&call);
    for (uint32_t i = call.first; command->each && i <= call.last; i++)
        command->each(f, &f->engines[i], call.rest);
    if (command->each)
        ok(answer);
    sim_prompt_free(&prompt);
}
