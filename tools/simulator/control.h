/* Commands on standard input: one a line, answered in order by one line of JSON on standard output. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "base/buf.h"
#include "fleet.h"

enum sim_waiting { SIM_NOT_WAITING, SIM_WAIT_IDLE, SIM_WAIT_SUBSCRIBERS };

struct sim_control {
    struct sim_fleet *fleet;
    struct kvx_buf input; /* what was read and not yet run */
    struct kvx_buf answer;
    enum sim_waiting waiting; /* for what the last command waits; later commands wait behind it */
    uint64_t deadline_ns;
    bool quit;
};

void sim_control_init(struct sim_control *, struct sim_fleet *);
void sim_control_free(struct sim_control *);
/* Prints where the fleet listens. */
void sim_control_hello(struct sim_control *);
/* Reads what standard input has; its end is the command `quit`. */
void sim_control_read(struct sim_control *);
/* Runs the commands that can run now. */
void sim_control_run(struct sim_control *);

#endif /* SIM_CONTROL_H */
