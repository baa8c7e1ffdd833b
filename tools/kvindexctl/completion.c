#include "completion.h"

#include "cli.h"

#include <string.h>

static bool is_file(const struct kvx_option *o)
{
    return o->value && strcmp(o->value, "FILE") == 0;
}

/* Text in single quotes, for every shell here. */
static void quoted(struct kvx_buf *out, const char *text)
{
    kvx_buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            kvx_buf_text(out, "'\\''");
        else
            kvx_buf_char(out, *text);
    }
    kvx_buf_char(out, '\'');
}

static void option_names(struct kvx_buf *out, const struct kvx_option *table)
{
    for (; table->name; table++)
        kvx_buf_printf(out, " --%s", table->name);
}

static void command_names(struct kvx_buf *out)
{
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        kvx_buf_printf(out, " %s", c->name);
}

/* Choices are written with `|` between them. */
static void choices(struct kvx_buf *out, const char *list)
{
    for (; *list; list++)
        kvx_buf_char(out, *list == '|' ? ' ' : *list);
}

/* The command's first bare argument, when there are only some that it can be. */
static void word_choices(struct kvx_buf *out, const struct ctl_command *c)
{
    if (c->id == CTL_COMPLETION)
        kvx_buf_text(out, "bash zsh fish");
    else if (c->id == CTL_HELP)
        command_names(out);
    else if (c->words[0] && strchr(c->words[0], '|'))
        choices(out, c->words[0]);
}

/* Options whose value is (or is not) a file, as the pattern --a|--b. */
static void value_pattern(struct kvx_buf *out, bool files)
{
    enum { TABLES_MAX = 32 };
    const struct kvx_option *tables[TABLES_MAX] = {ctl_global_options};
    size_t n = 1;
    const char *bar = "";
    if (files) { /* known to the parser of all programs, and in no table */
        kvx_buf_text(out, "--config");
        bar = "|";
    }
    for (const struct ctl_command *c = ctl_commands; c->name && n < TABLES_MAX; c++)
        tables[n++] = c->options;
    for (size_t i = 0; i < n; i++)
        for (const struct kvx_option *o = tables[i]; o->name; o++)
            if (o->kind != KVX_OPTION_FLAG && is_file(o) == files) {
                kvx_buf_printf(out, "%s--%s", bar, o->name);
                bar = "|";
            }
}

/* ---- bash ---- */

/* Before the rule for values of any kind. */
static void bash_choices(struct kvx_buf *out)
{
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        for (const struct kvx_option *o = c->options; o->name; o++)
            if (o->kind == KVX_OPTION_CHOICE) {
                kvx_buf_printf(out, "--%s) COMPREPLY=($(compgen -W '", o->name);
                choices(out, o->value);
                kvx_buf_text(out, "' -- \"$word\")); return ;;\n    ");
            }
}

static void bash_script(struct kvx_buf *out)
{
    kvx_buf_text(
        out, "_kvindexctl() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i words\n"
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        case ${COMP_WORDS[i]} in\n        ");
    value_pattern(out, true);
    kvx_buf_char(out, '|');
    value_pattern(out, false);
    kvx_buf_text(out, ") ((i++)) ;;\n"
                      "        -*) ;;\n"
                      "        *) command=${COMP_WORDS[i]}; break ;;\n"
                      "        esac\n"
                      "    done\n"
                      "    case $before in\n    ");
    value_pattern(out, true);
    kvx_buf_text(out, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n    ");
    bash_choices(out);
    value_pattern(out, false);
    kvx_buf_text(out, ") COMPREPLY=(); return ;;\n"
                      "    esac\n"
                      "    case $command in\n"
                      "    '') words='");
    command_names(out);
    kvx_buf_text(out, "' ;;\n");
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        kvx_buf_printf(out, "    %s) words='", c->name);
        option_names(out, c->options);
        kvx_buf_char(out, ' ');
        word_choices(out, c);
        kvx_buf_text(out, "' ;;\n");
    }
    kvx_buf_text(out, "    esac\n    COMPREPLY=($(compgen -W \"$words");
    option_names(out, ctl_global_options);
    kvx_buf_text(out, "\" -- \"$word\"))\n}\ncomplete -F _kvindexctl kvindexctl\n");
}

/* ---- zsh ---- */

/* '--name[help]:VALUE:action', whose brackets and colons must not stand in the help. */
static void zsh_option(struct kvx_buf *out, const struct kvx_option *o)
{
    kvx_buf_printf(out, " \\\n        '--%s[", o->name);
    for (const char *p = o->help; *p; p++) {
        if (*p == '\'')
            kvx_buf_text(out, "'\\''");
        else if (strchr("[]:\\", *p))
            kvx_buf_printf(out, "\\%c", *p);
        else
            kvx_buf_char(out, *p);
    }
    kvx_buf_char(out, ']');
    if (o->kind == KVX_OPTION_CHOICE) {
        kvx_buf_text(out, ":value:(");
        choices(out, o->value);
        kvx_buf_char(out, ')');
    } else if (o->kind != KVX_OPTION_FLAG) {
        kvx_buf_printf(out, ":value:%s", is_file(o) ? "_files" : " ");
    }
    kvx_buf_char(out, '\'');
}

static void zsh_options(struct kvx_buf *out, const struct kvx_option *table)
{
    for (; table->name; table++)
        zsh_option(out, table);
}

static void zsh_script(struct kvx_buf *out)
{
    kvx_buf_text(out, "#compdef kvindexctl\n_kvindexctl() {\n"
                      "    local line state\n    local -a commands\n    commands=(\n");
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        char text[128];
        snprintf(text, sizeof(text), "%s:%s", c->name, c->help);
        kvx_buf_text(out, "        ");
        quoted(out, text);
        kvx_buf_char(out, '\n');
    }
    kvx_buf_text(out, "    )\n    _arguments -C");
    zsh_options(out, ctl_global_options);
    kvx_buf_text(out, " \\\n        '1:command:->command' '*::argument:->argument'\n"
                      "    case $state in\n"
                      "    command) _describe command commands ;;\n"
                      "    argument)\n        case $line[1] in\n");
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        kvx_buf_printf(out, "        %s) _arguments", c->name);
        zsh_options(out, ctl_global_options);
        zsh_options(out, c->options);
        if (c->words[0]) {
            kvx_buf_text(out, " '1:word:(");
            word_choices(out, c);
            kvx_buf_text(out, ")'");
        }
        kvx_buf_text(out, " ;;\n");
    }
    kvx_buf_text(
        out,
        "        esac ;;\n    esac\n}\n"
        "if [[ $funcstack[1] = _kvindexctl ]]; then _kvindexctl; else compdef _kvindexctl kvindexctl; fi\n");
}

/* ---- fish ---- */

static void fish_options(struct kvx_buf *out, const char *command, const struct kvx_option *table)
{
    for (; table->name; table++) {
        kvx_buf_text(out, "complete -c kvindexctl");
        if (command)
            kvx_buf_printf(out, " -n '__fish_seen_subcommand_from %s'", command);
        kvx_buf_printf(out, " -l %s", table->name);
        if (table->kind == KVX_OPTION_CHOICE) {
            kvx_buf_text(out, " -xa '");
            choices(out, table->value);
            kvx_buf_char(out, '\'');
        } else if (table->kind != KVX_OPTION_FLAG) {
            kvx_buf_text(out, is_file(table) ? " -rF" : " -x");
        }
        kvx_buf_text(out, " -d ");
        quoted(out, table->help);
        kvx_buf_char(out, '\n');
    }
}

static void fish_script(struct kvx_buf *out)
{
    kvx_buf_text(out, "complete -c kvindexctl -f\n");
    fish_options(out, NULL, ctl_global_options);
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        kvx_buf_text(out, "complete -c kvindexctl -n 'not __fish_seen_subcommand_from");
        command_names(out);
        kvx_buf_printf(out, "' -a %s -d ", c->name);
        quoted(out, c->help);
        kvx_buf_char(out, '\n');
        fish_options(out, c->name, c->options);
    }
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        if (!c->words[0])
            continue;
        kvx_buf_printf(out, "complete -c kvindexctl -n '__fish_seen_subcommand_from %s' -a '", c->name);
        word_choices(out, c);
        kvx_buf_text(out, "'\n");
    }
}

int ctl_completion(struct kvx_buf *out, const char *shell, struct kvx_error *e)
{
    if (strcmp(shell, "bash") == 0)
        bash_script(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh_script(out);
    else if (strcmp(shell, "fish") == 0)
        fish_script(out);
    else
        return kvx_fail(e, KVX_INVALID, "completion: `%s` is none of bash, zsh, fish", shell);
    return KVX_OK;
}
