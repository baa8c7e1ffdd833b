#include "base/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

static const struct kvx_option *find_option(const struct kvx_option *table, const char *name, size_t len)
{
    for (const struct kvx_option *o = table; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static int set_uint(const struct kvx_option *o, void *where, const char *text, const char *place,
                    struct kvx_error *e)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || v < o->min || v > o->max)
        return kvx_fail(e, KVX_INVALID, "%s--%s: `%s` is not a number in %llu..%llu", place, o->name, text,
                        (unsigned long long)o->min, (unsigned long long)o->max);
    *(uint64_t *)where = v;
    return KVX_OK;
}

static int set_choice(const struct kvx_option *o, void *where, const char *text, const char *place,
                      struct kvx_error *e)
{
    const char *names = o->value;
    for (int i = 0; *names; i++) {
        size_t len = strcspn(names, "|");
        if (strlen(text) == len && memcmp(names, text, len) == 0) {
            *(int *)where = i;
            return KVX_OK;
        }
        names += len + (names[len] == '|');
    }
    return kvx_fail(e, KVX_INVALID, "%s--%s: `%s` is none of %s", place, o->name, text, o->value);
}

static int set_flag(const struct kvx_option *o, void *where, const char *text, const char *place,
                    struct kvx_error *e)
{
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return kvx_fail(e, KVX_INVALID, "%s--%s: `%s` is neither true nor false", place, o->name, text);
    *(bool *)where = yes;
    return KVX_OK;
}

/* `place` starts the message: "" for the command line, "FILE:LINE: " for a file. */
static int set_value(const struct kvx_option *o, void *settings, const char *text, const char *place,
                     struct kvx_error *e)
{
    void *where = (char *)settings + o->offset;
    switch (o->kind) {
    case KVX_OPTION_UINT:
        return set_uint(o, where, text, place, e);
    case KVX_OPTION_CHOICE:
        return set_choice(o, where, text, place, e);
    case KVX_OPTION_FLAG:
        return set_flag(o, where, text, place, e);
    case KVX_OPTION_TEXT:
        *(const char **)where = text;
        return KVX_OK;
    }
    return KVX_INTERNAL;
}

static int parse_arguments(struct kvx_options *opts, int argc, char *const *argv, const char **config,
                           struct kvx_error *e)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strncmp(arg, "--", 2) != 0 || !arg[2])
            return kvx_fail(e, KVX_INVALID, "`%s` is not an option; see --help", arg);
        const char *name = arg + 2, *equals = strchr(name, '=');
        size_t len = equals ? (size_t)(equals - name) : strlen(name);
        const struct kvx_option *o = find_option(opts->table, name, len);
        bool is_config = len == 6 && memcmp(name, "config", 6) == 0;
        if (!o && !is_config)
            return kvx_fail(e, KVX_INVALID, "unknown option `%s`; see --help", arg);
        const char *value = equals ? equals + 1 : o && o->kind == KVX_OPTION_FLAG ? "true" : NULL;
        if (!value && ++i >= argc)
            return kvx_fail(e, KVX_INVALID, "%s wants a value", arg);
        if (!value)
            value = argv[i];
        if (is_config) {
            *config = value;
            continue;
        }
        int status = set_value(o, opts->settings, value, "", e);
        if (status < 0)
            return status;
        opts->given[o - opts->table] = true;
    }
    return KVX_OK;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        text[--len] = 0;
    return text;
}

static int parse_line(struct kvx_options *opts, char *line, const char *place, struct kvx_error *e)
{
    line = trim(line);
    if (!*line || *line == '#')
        return KVX_OK;
    char *equals = strchr(line, '=');
    if (!equals)
        return kvx_fail(e, KVX_INVALID, "%s`%s` is not `name = value`", place, line);
    *equals = 0;
    char *name = trim(line);
    const struct kvx_option *o = find_option(opts->table, name, strlen(name));
    if (!o)
        return kvx_fail(e, KVX_INVALID, "%sunknown setting `%s`", place, name);
    if (opts->given[o - opts->table])
        return KVX_OK;
    return set_value(o, opts->settings, trim(equals + 1), place, e);
}

static char *read_file(const char *path, struct kvx_error *e)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        kvx_fail(e, KVX_INVALID, "--config: cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = malloc(FILE_MAX + 1);
    size_t len = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
    bool bad = !text || ferror(file) || len > FILE_MAX || memchr(text, 0, len);
    fclose(file);
    if (bad) {
        free(text);
        kvx_fail(e, KVX_INVALID, "--config: %s is not a text file of at most %d bytes", path, (int)FILE_MAX);
        return NULL;
    }
    text[len] = 0;
    return text;
}

static int parse_file(struct kvx_options *opts, const char *path, struct kvx_error *e)
{
    opts->file_text = read_file(path, e);
    if (!opts->file_text)
        return KVX_INVALID;
    char *line = opts->file_text;
    for (int number = 1; line; number++) {
        char place[300], *end = strchr(line, '\n');
        if (end)
            *end = 0;
        snprintf(place, sizeof(place), "%.255s:%d: ", path, number);
        int status = parse_line(opts, line, place, e);
        if (status < 0)
            return status;
        line = end ? end + 1 : NULL;
    }
    return KVX_OK;
}

int kvx_options_parse(struct kvx_options *opts, const struct kvx_option *table, void *settings, int argc,
                      char *const *argv, struct kvx_error *e)
{
    const char *config = NULL;
    size_t n = 0;
    while (table[n].name)
        n++;
    *opts = (struct kvx_options){.table = table, .settings = settings, .given = calloc(n + 1, sizeof(bool))};
    if (!opts->given)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    int status = parse_arguments(opts, argc, argv, &config, e);
    if (!status && config)
        status = parse_file(opts, config, e);
    if (status < 0)
        kvx_options_free(opts);
    return status;
}

void kvx_options_free(struct kvx_options *opts)
{
    free(opts->file_text);
    free(opts->given);
    *opts = (struct kvx_options){0};
}

static void print_choice(const char *names, int chosen, FILE *out)
{
    for (int i = 0; names; i++) {
        int len = (int)strcspn(names, "|");
        if (i == chosen)
            fprintf(out, " (default %.*s)", len, names);
        names = names[len] ? names + len + 1 : NULL;
    }
}

static void print_default(const struct kvx_option *o, const void *defaults, FILE *out)
{
    const void *where = (const char *)defaults + o->offset;
    const char *text;
    switch (o->kind) {
    case KVX_OPTION_UINT:
        if (*(const uint64_t *)where >= o->min) /* else: not set */
            fprintf(out, " (default %llu)", (unsigned long long)*(const uint64_t *)where);
        break;
    case KVX_OPTION_TEXT:
        text = *(const char *const *)where;
        if (text)
            fprintf(out, " (default %s)", text);
        break;
    case KVX_OPTION_CHOICE:
        print_choice(o->value, *(const int *)where, out);
        break;
    case KVX_OPTION_FLAG:
        break;
    }
}

void kvx_options_help(const struct kvx_option *table, const void *defaults, FILE *out)
{
    for (const struct kvx_option *o = table; o->name; o++) {
        char left[64];
        if (o->hidden)
            continue;
        if (o->group)
            fprintf(out, "\n%s:\n", o->group);
        snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        if (strlen(left) <= 26)
            fprintf(out, "  %-26s  %s", left, o->help);
        else
            fprintf(out, "  %s\n  %-26s  %s", left, "", o->help);
        print_default(o, defaults, out);
        fputc('\n', out);
    }
}
