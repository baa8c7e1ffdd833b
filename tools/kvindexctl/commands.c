#include "commands.h"

#include "base/clock.h"
#include "candidates.h"
#include "completion.h"
#include "files.h"
#include "interrupt.h"
#include "run.h"
#include "table.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 30 };

int ctl_local_failure(const struct run *r)
{
    fprintf(stderr, "kvindexctl: %s\n", r->local.text);
    return r->local.code == KVX_INVALID || r->local.code == KVX_TOO_LARGE ? CTL_USAGE : CTL_LOCAL;
}

int ctl_remote_failure(const struct run *r)
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

int ctl_show(struct run *r, int exit_code)
{
    struct ctl_output out;
    int status = kvx_buf_ok(&r->text) ? ctl_output_open(&out, NULL, &r->local)
                                      : kvx_fail(&r->local, KVX_NOMEM, "out of memory");
    if (status == KVX_OK)
        status = ctl_output_write(&out, r->text.data, r->text.len, &r->local);
    /* A reader that goes away has seen enough. */
    return status == KVX_OK || status == KVX_CANCELLED ? exit_code : ctl_local_failure(r);
}

struct kvindex_partition ctl_partition(const struct ctl_settings *s)
{
    return (struct kvindex_partition){s->model, s->tenant, s->salt, (uint32_t)s->block_size};
}

static int run_workers(struct run *r)
{
    const struct kvindex_partition partition = ctl_partition(r->settings);
    const struct kvindex_workers *workers;
    if (kvindex_list_workers_in(r->client, &partition, &workers, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    if (r->settings->json)
        ctl_json_workers(&r->text, workers);
    else
        ctl_view_workers(&r->text, workers, kvx_wall_ns() / 1000000);
    kvindex_workers_free(workers);
    return ctl_show(r, CTL_OK);
}

static int run_partitions(struct run *r)
{
    const struct kvindex_partitions *partitions;
    if (kvindex_list_partitions(r->client, &partitions, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    if (r->settings->json)
        ctl_json_partitions(&r->text, partitions);
    else
        ctl_view_partitions(&r->text, partitions);
    kvindex_partitions_free(partitions);
    return ctl_show(r, CTL_OK);
}

static int run_status(struct run *r)
{
    const struct kvindex_health *health;
    if (kvindex_get_health(r->client, &health, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    if (r->settings->json)
        ctl_json_health(&r->text, health);
    else
        ctl_view_health(&r->text, health);
    bool ready = health->ready;
    kvindex_health_free(health);
    return ctl_show(r, ready ? CTL_OK : CTL_REFUSED);
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
        .model = s->model,
        .tenant = s->tenant,
        .additional_salt = s->salt,
        .lora_name = s->lora,
        .kind = s->kind ? KVINDEX_KIND_POOL : KVINDEX_KIND_ENGINE,
    };
    if (kvindex_register(r->client, &registration, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    kvx_buf_text(&r->text, s->json ? "{\"status\":\"ok\"}\n" : "registered\n");
    return ctl_show(r, CTL_OK);
}

static int run_unregister(struct run *r)
{
    const struct ctl_settings *s = r->settings;
    const struct kvindex_partition partition = ctl_partition(s);
    uint32_t rank = 0;
    uint64_t removed = 0;
    if (s->only_rank && !ctl_rank_parse(s->only_rank, &rank)) {
        kvx_fail(&r->local, KVX_INVALID, "--dp-rank: `%s` is not a number in 0..4294967295", s->only_rank);
        return ctl_local_failure(r);
    }
    if (kvindex_unregister_in(r->client, &partition, s->instance, s->only_rank ? &rank : NULL, &removed,
                              &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    kvx_buf_printf(&r->text, s->json ? "{\"removed_workers\":%llu}\n" : "removed %llu workers\n",
                   (unsigned long long)removed);
    return ctl_show(r, CTL_OK);
}

/* ---- peers ---- */

static int run_peers(struct run *r)
{
    const struct kvindex_peers *peers;
    if (kvindex_list_peers(r->client, &peers, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    if (r->settings->json)
        ctl_json_peers(&r->text, peers);
    else
        ctl_view_peers(&r->text, peers);
    kvindex_peers_free(peers);
    return ctl_show(r, CTL_OK);
}

static int run_peer(struct run *r)
{
    bool add = strcmp(r->words[0], "add") == 0;
    int status = (add ? kvindex_register_peer : kvindex_deregister_peer)(r->client, r->words[1], &r->remote);
    if (status != KVINDEX_OK)
        return ctl_remote_failure(r);
    kvx_buf_text(&r->text, r->settings->json ? "{\"status\":\"ok\"}\n" : add ? "added\n" : "removed\n");
    return ctl_show(r, CTL_OK);
}

/* ---- Commands without a server ---- */

static int run_completion(struct run *r)
{
    return ctl_completion(&r->text, r->words[0], &r->local) < 0 ? ctl_local_failure(r) : ctl_show(r, CTL_OK);
}

static int run_help(struct run *r)
{
    const struct ctl_command *about = r->words[0] ? ctl_find_command(r->words[0]) : NULL;
    if (r->words[0] && !about) {
        kvx_fail(&r->local, KVX_INVALID, "help: unknown command `%s`", r->words[0]);
        return ctl_local_failure(r);
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
        return ctl_local_failure(r);
    if (kvindex_client_new(r->settings->server, &options, &r->client, &r->remote) != KVINDEX_OK)
        return ctl_remote_failure(r);
    int exit_code = command(r);
    kvindex_client_free(r->client);
    return exit_code;
}

static int dispatch(struct run *r, enum ctl_command_id id)
{
    switch (id) {
    case CTL_WORKERS:
        return ask(r, run_workers);
    case CTL_PARTITIONS:
        return ask(r, run_partitions);
    case CTL_QUERY:
        return ask(r, ctl_run_query);
    case CTL_DUMP:
        ctl_interrupt_block(); /* before the client's threads exist */
        return ask(r, ctl_run_dump);
    case CTL_REGISTER:
        return ask(r, run_register);
    case CTL_UNREGISTER:
        return ask(r, run_unregister);
    case CTL_PEERS:
        return ask(r, run_peers);
    case CTL_PEER:
        return ask(r, run_peer);
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
    struct run r = {.settings = &line->settings, .words = line->words};
    kvx_buf_init(&r.text, &kvx_system_allocator, TEXT_MAX);
    int exit_code = dispatch(&r, line->command->id);
    kvx_buf_free(&r.text);
    return exit_code;
}
