#include "control.h"
#include "base/clock.h"
#include "commands.h"
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sim_control_init(struct sim_control *c, struct sim_fleet *fleet)
{
    *c = (struct sim_control){.fleet = fleet};
    kvx_buf_init(&c->input, &kvx_system_allocator, SIZE_MAX);
    kvx_buf_init(&c->answer, &kvx_system_allocator, SIZE_MAX);
}

void sim_control_free(struct sim_control *c)
{
    kvx_buf_free(&c->input);
    kvx_buf_free(&c->answer);
}

static void print_answer(struct sim_control *c)
{
    kvx_buf_char(&c->answer, '\n');
    if (!kvx_buf_ok(&c->answer))
        sim_die("out of memory for an answer");
    if (fwrite(c->answer.data, 1, c->answer.len, stdout) != c->answer.len || fflush(stdout))
        c->quit = true; /* nobody listens any more */
    kvx_buf_clear(&c->answer);
}

void sim_control_hello(struct sim_control *c)
{
    sim_command_status(c->fleet, &c->answer);
    print_answer(c);
}

void sim_control_read(struct sim_control *c)
{
    enum { PIECE = 65536 };
    char *room = kvx_buf_reserve(&c->input, PIECE);
    if (!room)
        sim_die("out of memory for a command");
    ssize_t n = read(STDIN_FILENO, room, PIECE);
    if (n > 0)
        c->input.len += (size_t)n;
    else if (n == 0 || errno != EINTR)
        c->quit = true;
}

/* True while the last command still has no answer. */
static bool still_waiting(struct sim_control *c)
{
    struct sim_fleet *f = c->fleet;
    if (c->waiting == SIM_WAIT_IDLE) {
        if (!sim_fleet_idle(f))
            return true;
        sim_command_played(f, &c->answer);
    } else {
        uint32_t have = 0;
        for (uint32_t i = 0; i < f->options.workers; i++)
            have += f->engines[i].wire.subscribers > 0;
        if (have < f->options.workers && kvx_now_ns() < c->deadline_ns)
            return true;
        kvx_buf_printf(&c->answer, "{\"subscribed\":%u}", have);
    }
    c->waiting = SIM_NOT_WAITING;
    print_answer(c);
    return false;
}

static void run_line(struct sim_control *c, char *line)
{
    char *name = strtok_r(line, " \t\r", &line);
    char *arguments = line + strspn(line, " \t\r");
    if (!name)
        return;
    if (!strcmp(name, "quit")) {
        c->quit = true;
        kvx_buf_text(&c->answer, "{\"ok\":true}");
    } else if (!strcmp(name, "wait")) {
        if (c->fleet->options.loop && c->fleet->playing) {
            kvx_buf_text(&c->answer, "{\"error\":\"wait: a loop never ends; pause first\"}");
        } else {
            c->waiting = SIM_WAIT_IDLE;
            return;
        }
    } else if (!strcmp(name, "subscribers")) {
        c->waiting = SIM_WAIT_SUBSCRIBERS;
        c->deadline_ns = kvx_now_ns() + (uint64_t)(strtod(arguments, NULL) * 1e9);
        return;
    } else {
        sim_command_run(c->fleet, name, arguments, &c->answer);
    }
    print_answer(c);
}

void sim_control_run(struct sim_control *c)
{
    size_t done = 0;
    while (!c->quit && !(c->waiting && still_waiting(c))) {
        char *start = c->input.data + done;
        char *end = c->input.len > done ? memchr(start, '\n', c->input.len - done) : NULL;
        if (!end)
            break;
        *end = 0;
        done = (size_t)(end + 1 - c->input.data);
        run_line(c, start);
    }
    if (done) {
        memmove(c->input.data, c->input.data + done, c->input.len - done);
        c->input.len -= done;
    }
}
