#include "commands.h"

#include "base/clock.h"
#include "completion.h"
#include "files.h"
#include "interrupt.h"
#include "kvindex/client.h"
#include "numbers.h"
#include "table.h"
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 30, FLUSH_BYTES = 1 << 16 };

/* One run of one command. */
struct run {
    const struct ctl_settings *settings;
    const char *word;
    struct kvindex_client *client;
    struct kvx_buf text; /* what will be written */
    struct kvindex_error remote;
    struct kvx_error local;
};

static int local_failure(const struct run *r)
{
    fprintf(stderr, "kvindexctl: %s\n", r->local.text);
    return r->local.code == KVX_INVALID || r->local.code == KVX_TOO_LARGE ? CTL_USAGE : CTL_LOCAL;
}

static int remote_failure(const struct run *r)
{
    int code = r->remote.code;
    struct kvx_buf safe; /* the server's words must not steer a terminal */
    kvx_buf_init(&safe, &kvx_system_allocator, TEXT_MAX);
    ctl_print_safe(&safe, r->remote.message);
    fprintf(stderr, "kvindexctl: %s: %s: %.*s\n", r->settings->server, kvindex_code_name(code), (int)safe.len,
            safe.len ? safe.data : "");
    kvx_buf_free(&safe);
    return code == KVINDEX_UNAVAILABLE || code == KVINDEX_DEADLINE_EXCEEDED ? CTL_UNREACHABLE : CTL_REFUSED;
}

/* Writes the text to standard output and returns `exit_code`, when that works. */
static int show(struct run *r, int exit_code)
{
    struct ctl_output out;
    int status = kvx_buf_ok(&r->text) ? ctl_output_open(&out, NULL, &r->local)
                                      : kvx_fail(&r->local, KVX_NOMEM, "out of memory");
    if (status == KVX_OK)
        status = ctl_output_write(&out, r->text.data, r->text.len, &r->local);
    /* A reader that goes away has seen enough. */
    return status == KVX_OK || status == KVX_CANCELLED ? exit_code : local_failure(r);
}

static int run_workers(struct run *r)
{
    const struct kvindex_workers *workers;
    if (kvindex_list_workers(r->client, &workers, &r->remote) != KVINDEX_OK)
        return remote_failure(r);
    if (r->settings->json)
        ctl_json_workers(&r->text, workers);
    else
        ctl_view_workers(&r->text, workers, kvx_wall_ns() / 1000000);
    kvindex_workers_free(workers);
    return show(r, CTL_OK);
}

static int run_status(struct run *r)
{
    const struct kvindex_health *health;
    if (kvindex_get_health(r->client, &health, &r->remote) != KVINDEX_OK)
        return remote_failure(r);
    if (r->settings->json)
        ctl_json_health(&r->text, health);
    else
        ctl_view_health(&r->text, health);
    bool ready = health->ready;
    kvindex_health_free(health);
    return show(r, ready ? CTL_OK : CTL_REFUSED);
}

/* ---- query ---- */

static int read_prompt(struct run *r, struct ctl_numbers *numbers)
{
    const struct ctl_settings *s = r->settings;
    bool hashes = s->hashes || s->hashes_file;
    const char *list = hashes ? s->hashes : s->tokens, *file = hashes ? s->hashes_file : s->tokens_file;
    const char *option = hashes ? "--hashes" : "--tokens";
    if (list)
        return ctl_numbers_parse(numbers, &kvx_system_allocator, hashes, kvx_bytes_of(list), option,
                                 &r->local);
    struct kvx_buf text;
    kvx_buf_init(&text, &kvx_system_allocator, CTL_INPUT_MAX);
    int status = ctl_read(file, &text, &r->local);
    if (status == KVX_OK)
        status =
            ctl_numbers_parse(numbers, &kvx_system_allocator, hashes, (struct kvx_bytes){text.data, text.len},
                              strcmp(file, "-") == 0 ? "standard input" : file, &r->local);
    kvx_buf_free(&text);
    return status;
}

static int run_query(struct run *r)
{
    struct ctl_numbers numbers = {.allocator = &kvx_system_allocator};
    const struct kvindex_result *result;
    int status = read_prompt(r, &numbers);
    if (status < 0) {
        ctl_numbers_free(&numbers);
        return local_failure(r);
    }
    if (r->settings->hashes || r->settings->hashes_file)
        status = kvindex_query_hashes(r->client, numbers.hashes, numbers.n, &result, &r->remote);
    else
        status = kvindex_query_tokens(r->client, numbers.tokens, numbers.n, &result, &r->remote);
    ctl_numbers_free(&numbers);
    if (status != KVINDEX_OK)
        return remote_failure(r);
    if (r->settings->json)
        ctl_json_result(&r->text, result);
    else
        ctl_view_result(&r->text, result);
    kvindex_result_free(result);
    return show(r, CTL_OK);
}

/* ---- register, unregister ---- */

static int run_register(struct run *r)
{
    const struct ctl_settings *s = r->settings;
    const struct kvindex_registration registration = {
        .instance_id = s->instance,
        .dp_rank = (uint32_t)s->dp_rank,
        .endpoint = s->endpoint,
        .replay_endpoint = s->replay_endpoint,
        .block_size_tokens = (uint32_t)s->block_size,
    };
    if (kvindex_register(r->client, &registration, &r->remote) != KVINDEX_OK)
        return remote_failure(r);
    kvx_buf_text(&r->text, s->json ? "{\"status\":\"ok\"}\n" : "registered\n");
    return show(r, CTL_OK);
}

static int parse_rank(struct run *r, uint32_t *rank)
{
    const char *text = r->settings->only_rank;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > UINT32_MAX)
        return kvx_fail(&r->local, KVX_INVALID, "--dp-rank: `%s` is not a number in 0..4294967295", text);
    *rank = (uint32_t)value;
    return KVX_OK;
}

static int run_unregister(struct run *r)
{
    const struct ctl_settings *s = r->settings;
    uint32_t rank = 0;
    uint64_t removed = 0;
    if (s->only_rank && parse_rank(r, &rank) < 0)
        return local_failure(r);
    if (kvindex_unregister(r->client, s->instance, s->only_rank ? &rank : NULL, &removed, &r->remote) !=
        KVINDEX_OK)
        return remote_failure(r);
    kvx_buf_printf(&r->text, s->json ? "{\"removed_workers\":%llu}\n" : "removed %llu workers\n",
                   (unsigned long long)removed);
    return show(r, CTL_OK);
}

/* ---- dump ---- */

struct dump {
    struct run *run;
    struct ctl_output out;
    int status; /* of writing */
};

static int flush(struct dump *d)
{
    struct kvx_buf *text = &d->run->text;
    if (kvx_buf_ok(text))
        d->status = ctl_output_write(&d->out, text->data, text->len, &d->run->local);
    else
        d->status = kvx_fail(&d->run->local, KVX_NOMEM, "out of memory");
    kvx_buf_clear(text);
    return d->status;
}

static int write_stored(void *user, const struct kvindex_stored *stored)
{
    struct dump *d = user;
    ctl_json_stored(&d->run->text, stored);
    return d->run->text.len >= FLUSH_BYTES || !kvx_buf_ok(&d->run->text) ? flush(d) : 0;
}

/* Decides between the ways in which a dump ends; the output is open. */
static int finish_dump(struct dump *d, int remote)
{
    struct run *r = d->run;
    if (remote == KVINDEX_OK && d->status == KVX_OK && flush(d) == KVX_OK)
        return ctl_output_close(&d->out, &r->local) == KVX_OK ? CTL_OK : local_failure(r);
    ctl_output_discard(&d->out);
    if (atomic_load(d->out.interrupted))
        return CTL_INTERRUPTED;
    if (d->status == KVX_CANCELLED)
        return CTL_OK; /* a reader that goes away has seen enough */
    return d->status != KVX_OK ? local_failure(r) : remote_failure(r);
}

static int run_dump(struct run *r)
{
    struct dump d = {.run = r};
    struct ctl_interrupt interrupt;
    if (ctl_interrupt_begin(&interrupt, r->client) < 0) {
        kvx_fail(&r->local, KVX_NOMEM, "cannot start a thread");
        return local_failure(r);
    }
    int exit_code;
    if (ctl_output_open(&d.out, r->settings->output, &r->local) == KVX_OK) {
        d.out.interrupted = &interrupt.seen;
        int status = kvindex_dump(r->client, write_stored, &d, &r->remote);
        exit_code = finish_dump(&d, status);
    } else {
        exit_code = local_failure(r);
    }
    ctl_interrupt_end(&interrupt);
    return exit_code;
}

/* ---- Commands without a server ---- */

static int run_completion(struct run *r)
{
    return ctl_completion(&r->text, r->word, &r->local) < 0 ? local_failure(r) : show(r, CTL_OK);
}

static int run_help(struct run *r)
{
    const struct ctl_command *about = r->word ? ctl_find_command(r->word) : NULL;
    if (r->word && !about) {
        kvx_fail(&r->local, KVX_INVALID, "help: unknown command `%s`", r->word);
        return local_failure(r);
    }
    ctl_print_help(about, stdout);
    return CTL_OK;
}

/* ---- Dispatch ---- */

/* HOST:PORT; an IPv6 address in brackets. */
static int check_server(struct run *r)
{
    const char *server = r->settings->server, *colon = strrchr(server, ':');
    const char *digits = colon ? colon + 1 : "";
    char *end;
    long number = strtol(digits, &end, 10);
    bool port = *digits >= '0' && *digits <= '9' && !*end && number >= 1 && number <= 65535;
    bool bare_ipv6 = colon && *server != '[' && memchr(server, ':', (size_t)(colon - server));
    if (!port || colon == server || bare_ipv6 || strpbrk(server, "/ \t"))
        return kvx_fail(&r->local, KVX_INVALID, "--server: `%s` is not HOST:PORT", server);
    return KVX_OK;
}

static int ask(struct run *r, int (*command)(struct run *))
{
    const struct kvindex_options options = {.timeout_ms = (unsigned)r->settings->timeout_s * 1000};
    if (check_server(r) < 0)
        return local_failure(r);
    if (kvindex_client_new(r->settings->server, &options, &r->client, &r->remote) != KVINDEX_OK)
        return remote_failure(r);
    int exit_code = command(r);
    kvindex_client_free(r->client);
    return exit_code;
}

static int dispatch(struct run *r, enum ctl_command_id id)
{
    switch (id) {
    case CTL_WORKERS:
        return ask(r, run_workers);
    case CTL_QUERY:
        return ask(r, run_query);
    case CTL_DUMP:
        ctl_interrupt_block(); /* before the client's threads exist */
        return ask(r, run_dump);
    case CTL_REGISTER:
        return ask(r, run_register);
    case CTL_UNREGISTER:
        return ask(r, run_unregister);
    case CTL_STATUS:
        return ask(r, run_status);
    case CTL_COMPLETION:
        return run_completion(r);
    case CTL_HELP:
        return run_help(r);
    }
    return CTL_USAGE;
}

int ctl_run(const struct ctl_line *line)
{
    struct run r = {.settings = &line->settings, .word = line->word};
    kvx_buf_init(&r.text, &kvx_system_allocator, TEXT_MAX);
    int exit_code = dispatch(&r, line->command->id);
    kvx_buf_free(&r.text);
    return exit_code;
}
