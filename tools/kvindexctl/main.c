/* kvindexctl: the command-line client of kvindex. */
#include "commands.h"

#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct ctl_line line;
    struct kvx_error error;
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is seen as EPIPE, so that files are left in order */
    if (ctl_line_parse(&line, argc, argv, getenv("KVINDEX_SERVER"), &error) < 0) {
        fprintf(stderr, "kvindexctl: %s\n", error.text);
        return error.code == KVX_NOMEM ? CTL_LOCAL : CTL_USAGE;
    }
    int exit_code = CTL_OK;
    if (line.settings.help)
        ctl_print_help(line.command, stdout);
    else if (line.settings.version)
        puts("kvindexctl " KVINDEX_VERSION);
    else
        exit_code = ctl_run(&line);
    ctl_line_free(&line);
    return exit_code;
}
