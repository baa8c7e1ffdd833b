/* A peer's dump read by way of jansson's tree: what `recover_dump.h` promises, told independently. */
#ifndef ORACLE_DUMP_H
#define ORACLE_DUMP_H

#include "base/buf.h"
#include "service/service.h"

enum oracle_verdict {
    ORACLE_GOOD,
    ORACLE_BAD,
    ORACLE_SILENT, /* jansson does not take the text: no JSON, keys twice, numbers beyond 2^63-1 */
};

/* Appends the runs in their order, each as oracle_dump_run writes it. */
enum oracle_verdict oracle_dump(struct kvx_bytes text, struct kvx_buf *runs);
void oracle_dump_run(struct kvx_buf *, const struct kvx_recovered_run *);

#endif /* ORACLE_DUMP_H */
