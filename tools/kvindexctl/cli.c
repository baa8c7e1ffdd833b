#include "cli.h"

#include <stdlib.h>
#include <string.h>

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

/* `choices` are names with `|` between them. */
static bool is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);
    for (; choices; choices = strchr(choices, '|') ? strchr(choices, '|') + 1 : NULL)
        if (strcspn(choices, "|") == len && memcmp(choices, word, len) == 0)
            return true;
    return false;
}

static int take_word(struct ctl_line *line, const char *word, struct kvx_error *e)
{
    if (!line->command) {
        line->command = ctl_find_command(word);
        return line->command ? KVX_OK
                             : kvx_fail(e, KVX_INVALID, "unknown command `%s`; see kvindexctl help", word);
    }
    const struct ctl_command *c = line->command;
    size_t n = 0;
    while (n < CTL_WORDS_MAX && line->words[n])
        n++;
    if (n == CTL_WORDS_MAX || !c->words[n])
        return kvx_fail(e, KVX_INVALID, "%s: unexpected `%s`; see kvindexctl help %s", c->name, word,
                        c->name);
    if (strchr(c->words[n], '|') && !is_choice(c->words[n], word))
        return kvx_fail(e, KVX_INVALID, "%s: `%s` is none of %s", c->name, word, c->words[n]);
    line->words[n] = word;
    return KVX_OK;
}

/* --candidate may be given more than once; the table of options keeps one value only. */
static void note_candidate(struct ctl_line *line, const char *arg, const char *next)
{
    static const char name[] = "--candidate";
    const size_t len = sizeof(name) - 1;
    if (strncmp(arg, name, len) != 0)
        return;
    const char *value = arg[len] == '=' ? arg + len + 1 : arg[len] == 0 ? next : NULL;
    if (value)
        line->candidates[line->settings.n_candidates++] = value;
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
            note_candidate(line, arg, i + 1 < argc ? argv[i + 1] : NULL);
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

static int check_query(const struct ctl_settings *s, struct kvx_error *e)
{
    bool tokens = s->tokens || s->tokens_file;
    int prompts = !!s->tokens + !!s->tokens_file + !!s->hashes + !!s->hashes_file + !!s->sequence_hashes +
                  !!s->sequence_hashes_file;
    if (prompts != 1)
        return kvx_fail(e, KVX_INVALID,
                        "query wants one of --tokens, --hashes and --sequence-hashes, or of --tokens-file, "
                        "--hashes-file and --sequence-hashes-file");
    if (!tokens && (s->lora || s->cache_salt || s->bigrams))
        return kvx_fail(
            e, KVX_INVALID,
            "query: --lora, --cache-salt and --bigrams belong to tokens; hashes have them inside");
    return KVX_OK;
}

static int check(const struct ctl_line *line, struct kvx_error *e)
{
    const struct ctl_settings *s = &line->settings;
    if (s->help || s->version)
        return KVX_OK;
    const struct ctl_command *c = line->command;
    if (!c)
        return kvx_fail(e, KVX_INVALID, "which command? See kvindexctl help");
    for (size_t i = 0; i < c->words_required; i++)
        if (!line->words[i])
            return kvx_fail(e, KVX_INVALID, "%s wants %s; see kvindexctl help %s", c->name, c->words[i],
                            c->name);
    if ((c->id == CTL_REGISTER || c->id == CTL_UNREGISTER) && (!s->instance || !*s->instance))
        return kvx_fail(e, KVX_INVALID, "%s wants --instance", c->name);
    if (c->id == CTL_REGISTER && (!s->endpoint || !*s->endpoint))
        return kvx_fail(e, KVX_INVALID, "register wants --endpoint");
    return c->id == CTL_QUERY ? check_query(s, e) : KVX_OK;
}

static struct ctl_settings default_settings(void)
{
    return (struct ctl_settings){.server = CTL_SERVER, .timeout_s = 10};
}

static int parse_options(struct ctl_line *line, int argc, char *const *argv, char **rest, struct kvx_error *e)
{
    int n_rest;
    int status = split(line, argc, argv, rest, &n_rest, e);
    if (status < 0)
        return status;
    size_t n = append(line->table, 0, ctl_global_options);
    if (line->command)
        append(line->table, n, line->command->options);
    status = kvx_options_parse(&line->options, line->table, &line->settings, n_rest, rest, e);
    if (status < 0)
        return status;
    if (line->settings.candidate && !line->settings.n_candidates) /* by the configuration file */
        line->candidates[line->settings.n_candidates++] = line->settings.candidate;
    line->settings.candidates = line->candidates;
    status = check(line, e);
    if (status < 0)
        kvx_options_free(&line->options);
    return status;
}

int ctl_line_parse(struct ctl_line *line, int argc, char *const *argv, const char *server,
                   struct kvx_error *e)
{
    *line = (struct ctl_line){.settings = default_settings()};
    if (server && *server)
        line->settings.server = server;
    char **rest = calloc((size_t)argc + 1, sizeof(*rest));
    line->candidates = calloc((size_t)argc + 1, sizeof(*line->candidates));
    int status = rest && line->candidates ? parse_options(line, argc, argv, rest, e)
                                          : kvx_fail(e, KVX_NOMEM, "out of memory");
    free(rest);
    if (status < 0)
        free(line->candidates);
    return status;
}

void ctl_line_free(struct ctl_line *line)
{
    kvx_options_free(&line->options);
    free(line->candidates);
}

/* ---- Help ---- */

static void print_usage(const struct ctl_command *c, FILE *out)
{
    fprintf(out, "Usage: kvindexctl [OPTION]... %s", c->name);
    if (c->options->name)
        fputs(" [OPTION VALUE]...", out);
    for (size_t i = 0; i < CTL_WORDS_MAX && c->words[i]; i++)
        fprintf(out, i < c->words_required ? " %s" : " [%s]", c->words[i]);
    fprintf(out, "\n\n%c%s.\n", c->help[0] - 'a' + 'A', c->help + 1);
}

static void print_notes(const struct ctl_command *c, FILE *out)
{
    if (c->id == CTL_QUERY)
        fputs(
            "\nA LIST is numbers with commas or white space between them, or a JSON array. Token ids have "
            "32 bits,\n"
            "hashes 64, with or without sign. An ID that ends in a colon and digits itself needs a rank, or "
            "a colon\nbehind it: h:80: is all ranks of h:80.\n",
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
