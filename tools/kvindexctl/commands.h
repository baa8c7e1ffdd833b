/* The commands: each asks the server once and writes what it says. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "cli.h"

/* Runs the command of the line and returns the program's exit code. Messages go to standard error. */
int ctl_run(const struct ctl_line *);

#endif /* CTL_COMMANDS_H */
