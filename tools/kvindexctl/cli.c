#include "cli.h"

#include <stdlib.h>
#include <string.h>

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

static const struct kvx_option query_options[] = {
    {"tokens", NULL, TEXT(tokens), "LIST", 0, 0, "the prompt's token ids", false},
    {"tokens-file", NULL, TEXT(tokens_file), "FILE", 0, 0, "the same from a file; -: standard input", false},
    {"hashes", NULL, TEXT(hashes), "LIST", 0, 0, "the local hashes of the prompt's blocks", false},
    {"hashes-file", NULL, TEXT(hashes_file), "FILE", 0, 0, "the same from a file; -: standard input", false},
    {0},
};

static const struct kvx_option dump_options[] = {
    {"output", NULL, TEXT(output), "FILE", 0, 0, "written whole or not at all; without it: standard output",
     false},
    {0},
};

static const struct kvx_option register_options[] = {
    {"instance", NULL, TEXT(instance), "ID", 0, 0, "the engine deployment; required", false},
    {"endpoint", NULL, TEXT(endpoint), "ENDPOINT", 0, 0, "where it publishes, as tcp://host:port; required",
     false},
    {"replay-endpoint", NULL, TEXT(replay_endpoint), "ENDPOINT", 0, 0, "where it replays past batches",
     false},
    {"dp-rank", NULL, UINT(dp_rank), "RANK", 0, UINT32_MAX, "its data-parallel rank", false},
    {"block-size", NULL, UINT(block_size), "TOKENS", 1, 65536, "tokens a block; without it: the server's",
     false},
    {0},
};

static const struct kvx_option unregister_options[] = {
    {"instance", NULL, TEXT(instance), "ID", 0, 0, "the engine deployment; required", false},
    {"dp-rank", NULL, TEXT(only_rank), "RANK", 0, 0, "one data-parallel rank; without it: all", false},
    {0},
};

const struct ctl_command ctl_commands[] = {
    {CTL_WORKERS, "workers", "list all workers and the state of their event sources", NULL, false,
     no_options},
    {CTL_QUERY, "query", "show how much of a prompt each worker holds", NULL, false, query_options},
    {CTL_DUMP, "dump", "write the whole index as store events, one JSON object a line", NULL, false,
     dump_options},
    {CTL_REGISTER, "register", "follow the events of a worker", NULL, false, register_options},
    {CTL_UNREGISTER, "unregister", "stop following a worker and forget its blocks", NULL, false,
     unregister_options},
    {CTL_STATUS, "status", "show whether the server is ready, and why not", NULL, false, no_options},
    {CTL_COMPLETION, "completion", "print a completion script for bash, zsh or fish", "SHELL", true,
     no_options},
    {CTL_HELP, "help", "show this text, or the text of one command", "COMMAND", false, no_options},
    {0},
};

const struct ctl_command *ctl_find_command(const char *name)
{
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static bool named(const struct kvx_option *o, const char *name, size_t len)
{
    return strlen(o->name) == len && memcmp(o->name, name, len) == 0;
}

static bool takes_value_in(const struct kvx_option *table, const char *name, size_t len)
{
    for (const struct kvx_option *o = table; o->name; o++)
        if (named(o, name, len) && o->kind != KVX_OPTION_FLAG)
            return true;
    return false;
}

/* Whether the word behind this option is its value: the same in all commands, so that options may precede
 * one. */
static bool takes_value(const char *option)
{
    const char *name = option + 2;
    if (strchr(name, '='))
        return false;
    size_t len = strlen(name);
    bool takes = strcmp(name, "config") == 0 || takes_value_in(ctl_global_options, name, len);
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        takes |= takes_value_in(c->options, name, len);
    return takes;
}

static int take_word(struct ctl_line *line, const char *word, struct kvx_error *e)
{
    if (!line->command) {
        line->command = ctl_find_command(word);
        return line->command ? KVX_OK
                             : kvx_fail(e, KVX_INVALID, "unknown command `%s`; see kvindexctl help", word);
    }
    if (!line->command->word || line->word)
        return kvx_fail(e, KVX_INVALID, "%s: unexpected `%s`; see kvindexctl help %s", line->command->name,
                        word, line->command->name);
    line->word = word;
    return KVX_OK;
}

/* Splits argv: options with their values go to `rest`, whose first element stands for the program. */
static int split(struct ctl_line *line, int argc, char *const *argv, char **rest, int *n_rest,
                 struct kvx_error *e)
{
    *n_rest = 0;
    rest[(*n_rest)++] = (char *)"kvindexctl";
    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];
        int status = KVX_OK;
        if (strcmp(arg, "-h") == 0)
            arg = (char *)"--help";
        if (strncmp(arg, "--", 2) != 0 || !arg[2]) {
            status = take_word(line, arg, e);
        } else {
            rest[(*n_rest)++] = arg;
            if (takes_value(arg) && i + 1 < argc)
                rest[(*n_rest)++] = argv[++i];
        }
        if (status < 0)
            return status;
    }
    return KVX_OK;
}

static size_t append(struct kvx_option *to, size_t n, const struct kvx_option *from)
{
    for (; from->name && n < CTL_OPTIONS_MAX - 1; from++)
        to[n++] = *from;
    to[n] = (struct kvx_option){0};
    return n;
}

static int check(const struct ctl_line *line, struct kvx_error *e)
{
    const struct ctl_settings *s = &line->settings;
    if (s->help || s->version)
        return KVX_OK;
    if (!line->command)
        return kvx_fail(e, KVX_INVALID, "which command? See kvindexctl help");
    if (line->command->word_required && !line->word)
        return kvx_fail(e, KVX_INVALID, "%s wants a %s; see kvindexctl help %s", line->command->name,
                        line->command->word, line->command->name);
    enum ctl_command_id id = line->command->id;
    if ((id == CTL_REGISTER || id == CTL_UNREGISTER) && (!s->instance || !*s->instance))
        return kvx_fail(e, KVX_INVALID, "%s wants --instance", line->command->name);
    if (id == CTL_REGISTER && (!s->endpoint || !*s->endpoint))
        return kvx_fail(e, KVX_INVALID, "register wants --endpoint");
    int prompts = !!s->tokens + !!s->tokens_file + !!s->hashes + !!s->hashes_file;
    if (id == CTL_QUERY && prompts != 1)
        return kvx_fail(e, KVX_INVALID,
                        "query wants one of --tokens, --tokens-file, --hashes and --hashes-file");
    return KVX_OK;
}

static struct ctl_settings default_settings(void)
{
    return (struct ctl_settings){.server = CTL_SERVER, .timeout_s = 10};
}

int ctl_line_parse(struct ctl_line *line, int argc, char *const *argv, const char *server,
                   struct kvx_error *e)
{
    *line = (struct ctl_line){.settings = default_settings()};
    if (server && *server)
        line->settings.server = server;
    int n_rest;
    char **rest = calloc((size_t)argc + 1, sizeof(*rest));
    if (!rest)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    int status = split(line, argc, argv, rest, &n_rest, e);
    if (status < 0)
        goto done;
    size_t n = append(line->table, 0, ctl_global_options);
    if (line->command)
        append(line->table, n, line->command->options);
    status = kvx_options_parse(&line->options, line->table, &line->settings, n_rest, rest, e);
    if (status < 0)
        goto done;
    status = check(line, e);
    if (status < 0)
        kvx_options_free(&line->options);
done:
    free(rest);
    return status;
}

void ctl_line_free(struct ctl_line *line)
{
    kvx_options_free(&line->options);
}

/* ---- Help ---- */

static void print_usage(const struct ctl_command *c, FILE *out)
{
    fprintf(out, "Usage: kvindexctl [OPTION]... %s", c->name);
    if (c->options->name)
        fputs(" [OPTION VALUE]...", out);
    if (c->word)
        fprintf(out, c->word_required ? " %s" : " [%s]", c->word);
    fprintf(out, "\n\n%c%s.\n", c->help[0] - 'a' + 'A', c->help + 1);
}

static void print_notes(const struct ctl_command *c, FILE *out)
{
    if (c->id == CTL_QUERY)
        fputs("\nA LIST is numbers with commas or white space between them, or a JSON array. Token ids have "
              "32 bits,\n"
              "hashes 64, with or without sign.\n",
              out);
    if (c->id == CTL_COMPLETION)
        fputs("\nbash: source <(kvindexctl completion bash)\n"
              "zsh:  source <(kvindexctl completion zsh)\n"
              "fish: kvindexctl completion fish | source\n",
              out);
}

static void print_command_help(const struct ctl_command *c, const struct ctl_settings *defaults, FILE *out)
{
    print_usage(c, out);
    if (c->options->name) {
        fprintf(out, "\nOptions of %s:\n", c->name);
        kvx_options_help(c->options, defaults, out);
    }
    print_notes(c, out);
    kvx_options_help(ctl_global_options, defaults, out);
}

void ctl_print_help(const struct ctl_command *command, FILE *out)
{
    const struct ctl_settings defaults = default_settings();
    if (command) {
        print_command_help(command, &defaults, out);
        return;
    }
    fputs("Usage: kvindexctl [OPTION]... COMMAND [OPTION VALUE]...\n\n"
          "Asks a kvindex server which worker holds how much of a prompt, and manages its "
          "workers.\n\nCommands:\n",
          out);
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        fprintf(out, "  %-26s  %s\n", c->name, c->help);
    kvx_options_help(ctl_global_options, &defaults, out);
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        if (!c->options->name)
            continue;
        fprintf(out, "\nOptions of %s:\n", c->name);
        kvx_options_help(c->options, &defaults, out);
    }
    fputs("\nThe environment variable KVINDEX_SERVER sets another default of --server.\n"
          "Every option may also stand in the file of --config FILE, as `name = value`.\n"
          "Exit codes: 0 done, 1 the server said no or is not ready, 2 bad usage, 3 the server cannot be "
          "reached\n"
          "or gives no answer in time, 4 trouble with a local file or memory, 130 interrupted.\n",
          out);
}
