/* The command line: one table of commands, each with its options; help text and completion come from the same
 * tables. */
#ifndef CTL_CLI_H
#define CTL_CLI_H

#include "base/options.h"

#define CTL_SERVER "127.0.0.1:8091"

/* What scripts can rely on. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_REFUSED = 1,      /* the server said no; of `status`: it is not ready */
    CTL_USAGE = 2,        /* the command line or the numbers in it are wrong */
    CTL_UNREACHABLE = 3,  /* no connection, no answer in time, or the server is busy or shutting down */
    CTL_LOCAL = 4,        /* a local file cannot be read or written, or memory is out */
    CTL_INTERRUPTED = 130 /* by SIGINT or SIGTERM */
};

/* Values of all options; texts are borrowed from argv, the environment or the configuration file. */
struct ctl_settings {
    const char *server;
    uint64_t timeout_s;
    bool json, help, version;
    const char *model, *tenant, *salt; /* the partition; NULL: not said */
    uint64_t block_size;               /* 0: not said */
    const char *lora;                  /* query, register */
    /* query: the prompt in one of its forms, and what is asked about it */
    const char *tokens, *tokens_file, *hashes, *hashes_file, *sequence_hashes, *sequence_hashes_file;
    const char *cache_salt;
    bool bigrams, all;
    const char *candidate; /* the last one; all of them: */
    const char *const *candidates;
    size_t n_candidates;
    uint64_t limit;                                    /* 0: none */
    const char *output;                                /* dump; NULL: standard output */
    const char *instance, *endpoint, *replay_endpoint; /* register, unregister */
    const char *only_rank;                             /* unregister; NULL: all ranks */
    uint64_t dp_rank;                                  /* register */
    int kind;                                          /* register: 0 engine, 1 pool */
};

enum ctl_command_id {
    CTL_WORKERS,
    CTL_PARTITIONS,
    CTL_QUERY,
    CTL_DUMP,
    CTL_REGISTER,
    CTL_UNREGISTER,
    CTL_PEERS,
    CTL_PEER,
    CTL_STATUS,
    CTL_COMPLETION,
    CTL_HELP
};

enum { CTL_WORDS_MAX = 2, CTL_OPTIONS_MAX = 32 };

struct ctl_command {
    enum ctl_command_id id;
    const char *name; /* NULL ends the table */
    const char *help;
    /* What its bare arguments are called, NULL where it takes none; with `|` between them, all there can be.
     */
    const char *words[CTL_WORDS_MAX];
    size_t words_required;
    const struct kvx_option *options; /* its own, besides the global ones */
};

extern const struct ctl_command ctl_commands[];
extern const struct kvx_option ctl_global_options[];
const struct ctl_command *ctl_find_command(const char *name); /* NULL: there is none */

/* Embedded; free it after a successful parse. */
struct ctl_line {
    const struct ctl_command *command; /* NULL only with --help or --version */
    const char *words[CTL_WORDS_MAX];  /* its bare arguments, or NULL */
    struct ctl_settings settings;
    struct kvx_option table[CTL_OPTIONS_MAX]; /* the global options and the command's */
    struct kvx_options options;
    const char **candidates; /* what settings.candidates leads to */
};

/* `server` is the value of the environment, or NULL. KVX_INVALID with a sentence for the user. */
int ctl_line_parse(struct ctl_line *, int argc, char *const *argv, const char *server, struct kvx_error *);
void ctl_line_free(struct ctl_line *);

/* Of one command, or of the whole program (NULL). */
void ctl_print_help(const struct ctl_command *, FILE *);

#endif /* CTL_CLI_H */
