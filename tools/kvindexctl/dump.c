/* kvindexctl dump: the stream of store events into a file or to standard output. */
#include "files.h"
#include "interrupt.h"
#include "run.h"
#include "view.h"

enum { FLUSH_BYTES = 1 << 16 };

struct dump {
    struct run *run;
    struct ctl_output out;
    int status; /* of writing */
};

static int flush(struct dump *d)
{
    struct kvx_buf *text = &d->run->text;
    if (kvx_buf_ok(text))
        d->status = ctl_output_write(&d->out, text->data, text->len, &d->run->local);
    else
        d->status = kvx_fail(&d->run->local, KVX_NOMEM, "out of memory");
    kvx_buf_clear(text);
    return d->status;
}

static int write_stored(void *user, const struct kvindex_stored *stored)
{
    struct dump *d = user;
    ctl_json_stored(&d->run->text, stored);
    return d->run->text.len >= FLUSH_BYTES || !kvx_buf_ok(&d->run->text) ? flush(d) : 0;
}

/* Decides between the ways in which a dump ends; the output is open. */
static int finish_dump(struct dump *d, int remote)
{
    struct run *r = d->run;
    if (remote == KVINDEX_OK && d->status == KVX_OK && flush(d) == KVX_OK)
        return ctl_output_close(&d->out, &r->local) == KVX_OK ? CTL_OK : ctl_local_failure(r);
    ctl_output_discard(&d->out);
    if (atomic_load(d->out.interrupted))
        return CTL_INTERRUPTED;
    if (d->status == KVX_CANCELLED)
        return CTL_OK; /* a reader that goes away has seen enough */
    return d->status != KVX_OK ? ctl_local_failure(r) : ctl_remote_failure(r);
}

int ctl_run_dump(struct run *r)
{
    const struct kvindex_partition partition = ctl_partition(r->settings);
    struct dump d = {.run = r};
    struct ctl_interrupt interrupt;
    if (ctl_interrupt_begin(&interrupt, r->client) < 0) {
        kvx_fail(&r->local, KVX_NOMEM, "cannot start a thread");
        return ctl_local_failure(r);
    }
    int exit_code;
    if (ctl_output_open(&d.out, r->settings->output, &r->local) == KVX_OK) {
        d.out.interrupted = &interrupt.seen;
        int status = kvindex_dump_in(r->client, &partition, write_stored, &d, &r->remote);
        exit_code = finish_dump(&d, status);
    } else {
        exit_code = ctl_local_failure(r);
    }
    ctl_interrupt_end(&interrupt);
    return exit_code;
}
