/* What the commands do, and the JSON they answer. */
#ifndef SIM_COMMANDS_H
#define SIM_COMMANDS_H

#include "base/buf.h"
#include "fleet.h"

/* Runs one command (other than quit, wait and subscribers, which the reader of commands handles itself).
 * Appends one JSON object without a newline: the answer, or {"error":"..."}. */
void sim_command_run(struct sim_fleet *, const char *name, const char *arguments, struct kvx_buf *answer);
/* The fleet: endpoints, numbers, what is held. */
void sim_command_status(struct sim_fleet *, struct kvx_buf *answer);
/* What the last `go` did. */
void sim_command_played(struct sim_fleet *, struct kvx_buf *answer);

#endif /* SIM_COMMANDS_H */
