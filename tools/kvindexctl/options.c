/* The tables of commands and options. */
#include "cli.h"

#define UINT(field) KVX_OPTION_UINT, offsetof(struct ctl_settings, field)
#define TEXT(field) KVX_OPTION_TEXT, offsetof(struct ctl_settings, field)
#define FLAG(field) KVX_OPTION_FLAG, offsetof(struct ctl_settings, field)

const struct kvx_option ctl_global_options[] = {
    {"server", "Options of all commands", TEXT(server), "HOST:PORT", 0, 0, "the server's gRPC address",
     false},
    {"timeout", NULL, UINT(timeout_s), "SECONDS", 1, 86400,
     "how long to wait for an answer, or for more of a dump", false},
    {"json", NULL, FLAG(json), NULL, 0, 0, "answer in JSON, for programs", false},
    {"help", NULL, FLAG(help), NULL, 0, 0, "show this text", false},
    {"version", NULL, FLAG(version), NULL, 0, 0, "show the version", false},
    {0},
};

static const struct kvx_option no_options[] = {{0}};

/* Parts of several tables; what a partition is stands in the manual page. */
#define MODEL(text) "model", NULL, TEXT(model), "NAME", 0, 0, text, false
#define TENANT(text) "tenant", NULL, TEXT(tenant), "NAME", 0, 0, text, false
#define SALT(text) "salt", NULL, TEXT(salt), "TEXT", 0, 0, text, false
#define BLOCK_SIZE(text) "block-size", NULL, UINT(block_size), "TOKENS", 1, 65536, text, false

static const struct kvx_option listing_options[] = {
    {MODEL("only this model's")},
    {TENANT("only this tenant's, or routing group's")},
    {0},
};

static const struct kvx_option query_options[] = {
    {"tokens", NULL, TEXT(tokens), "LIST", 0, 0, "the prompt's token ids", false},
    {"tokens-file", NULL, TEXT(tokens_file), "FILE", 0, 0, "the same from a file; -: standard input", false},
    {"hashes", NULL, TEXT(hashes), "LIST", 0, 0, "the local hashes of the prompt's blocks", false},
    {"hashes-file", NULL, TEXT(hashes_file), "FILE", 0, 0, "the same from a file; -: standard input", false},
    {"sequence-hashes", NULL, TEXT(sequence_hashes), "LIST", 0, 0, "hashes that name whole prefixes", false},
    {"sequence-hashes-file", NULL, TEXT(sequence_hashes_file), "FILE", 0, 0,
     "the same from a file; -: standard input", false},
    {MODEL("the model; without it: default")},
    {TENANT("the tenant, or the routing group; without it: default")},
    {SALT("the partition's additional salt; without it: any")},
    {BLOCK_SIZE("tokens a block; without it: any")},
    {"lora", NULL, TEXT(lora), "NAME", 0, 0, "the LoRA adapter", false},
    {"cache-salt", NULL, TEXT(cache_salt), "TEXT", 0, 0, "the prompt's cache salt", false},
    {"bigrams", NULL, FLAG(bigrams), NULL, 0, 0, "hash token pairs, as engines with EAGLE do", false},
    {"candidate", NULL, TEXT(candidate), "ID[:RANK]", 0, 0, "ask about this worker; may be given again",
     false},
    {"limit", NULL, UINT(limit), "N", 1, UINT32_MAX, "the best N workers only", false},
    {"all", NULL, FLAG(all), NULL, 0, 0, "also workers that hold nothing of the prompt", false},
    {0},
};

static const struct kvx_option dump_options[] = {
    {"output", NULL, TEXT(output), "FILE", 0, 0, "written whole or not at all; without it: standard output",
     false},
    {MODEL("only this model's")},
    {TENANT("only this tenant's, or routing group's")},
    {0},
};

static const struct kvx_option register_options[] = {
    {"instance", NULL, TEXT(instance), "ID", 0, 0, "the engine deployment; required", false},
    {"endpoint", NULL, TEXT(endpoint), "ENDPOINT", 0, 0, "where it publishes, as tcp://host:port; required",
     false},
    {"replay-endpoint", NULL, TEXT(replay_endpoint), "ENDPOINT", 0, 0, "where it replays past batches",
     false},
    {"dp-rank", NULL, UINT(dp_rank), "RANK", 0, UINT32_MAX, "its data-parallel rank", false},
    {BLOCK_SIZE("tokens a block; without it: the server's")},
    {MODEL("the model; without it: default")},
    {TENANT("the tenant, or the routing group; without it: default")},
    {SALT("what else tells its blocks apart, as a quantisation")},
    {"lora", NULL, TEXT(lora), "NAME", 0, 0, "the LoRA adapter of events that name none", false},
    {"kind", NULL, KVX_OPTION_CHOICE, offsetof(struct ctl_settings, kind), "engine|pool", 0, 0,
     "whose blocks it publishes: its own, or a store's for all workers", false},
    {0},
};

static const struct kvx_option unregister_options[] = {
    {"instance", NULL, TEXT(instance), "ID", 0, 0, "the engine deployment; required", false},
    {"dp-rank", NULL, TEXT(only_rank), "RANK", 0, 0, "one data-parallel rank; without it: all", false},
    {MODEL("the model; without it: default")},
    {TENANT("the tenant, or the routing group; without it: default")},
    {SALT("only where this was its additional salt")},
    {BLOCK_SIZE("only where this is the block size")},
    {0},
};

const struct ctl_command ctl_commands[] = {
    {CTL_WORKERS,
     "workers",
     "list all workers and the state of their event sources",
     {0},
     0,
     listing_options},
    {CTL_PARTITIONS,
     "partitions",
     "list all models, tenants and block sizes, and what is in them",
     {0},
     0,
     no_options},
    {CTL_QUERY, "query", "show how much of a prompt each worker holds", {0}, 0, query_options},
    {CTL_DUMP, "dump", "write the whole index as store events, one JSON object a line", {0}, 0, dump_options},
    {CTL_REGISTER, "register", "follow the events of a worker", {0}, 0, register_options},
    {CTL_UNREGISTER,
     "unregister",
     "stop following a worker and forget its blocks",
     {0},
     0,
     unregister_options},
    {CTL_PEERS, "peers", "list the indexers that this one may be recovered from", {0}, 0, no_options},
    {CTL_PEER,
     "peer",
     "remember or forget such an indexer, as http://host:port",
     {"add|remove", "URL"},
     2,
     no_options},
    {CTL_STATUS, "status", "show whether the server is ready, and why not", {0}, 0, no_options},
    {CTL_COMPLETION,
     "completion",
     "print a completion script for bash, zsh or fish",
     {"SHELL"},
     1,
     no_options},
    {CTL_HELP, "help", "show this text, or the text of one command", {"COMMAND"}, 0, no_options},
    {0},
};
