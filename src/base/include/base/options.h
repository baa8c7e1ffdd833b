/* Command-line options and configuration files from one table, so that parsing, help text and file agree.
 *
 * An option `--name VALUE` (or --name=VALUE) may also stand in the file of `--config FILE` as a line `name =
 * value`; the command line wins. Values are checked the same way in both places, and errors name the option
 * and the place.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum kvx_option_kind {
    KVX_OPTION_UINT,   /* uint64_t, min to max */
    KVX_OPTION_TEXT,   /* const char *, borrowed from argv or owned by kvx_options */
    KVX_OPTION_CHOICE, /* int: index into `choices`, names separated by '|' */
    KVX_OPTION_FLAG,   /* bool; takes no value on the command line, `true` or `false` in a file */
};

struct kvx_option {
    const char *name;  /* without dashes; NULL ends the table */
    const char *group; /* heading in the help text, on the first option of each group */
    enum kvx_option_kind kind;
    size_t offset;     /* of the value in the settings struct, which already holds the default */
    const char *value; /* what the help text calls the value, e.g. "PORT"; or the choices */
    uint64_t min, max; /* UINT */
    const char *help;
    bool hidden; /* not in the help text: for tests */
};

struct kvx_options {
    const struct kvx_option *table;
    void *settings;  /* where the offsets lead */
    char *file_text; /* the configuration file, which TEXT values may point into */
    bool *given;     /* by the command line, one an option */
};

/* Reads argv and the file it names with --config. KVX_INVALID with a sentence that names the culprit. The
 * settings may point into the options: keep both. */
int kvx_options_parse(struct kvx_options *, const struct kvx_option *table, void *settings, int argc,
                      char *const *argv, struct kvx_error *) KVX_MUST_CHECK;
void kvx_options_free(struct kvx_options *);
/* The option list of --help, with the values in `defaults` shown as defaults. */
void kvx_options_help(const struct kvx_option *table, const void *defaults, FILE *);

#endif /* BASE_OPTIONS_H */
