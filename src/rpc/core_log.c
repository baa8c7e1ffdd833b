#include "server.h"

#include <grpc/support/log.h>

/* The core's log function takes no user data, so this one pointer has to be the process's. */
static _Atomic(struct kvx_log *) core_log;

static void write_line(gpr_log_func_args *args)
{
    /* Relaxed: the log is set before the core's threads start and outlives them. */
    struct kvx_log *log = atomic_load_explicit(&core_log, memory_order_relaxed);
    enum kvx_log_level level = args->severity == GPR_LOG_SEVERITY_ERROR  ? KVX_LOG_WARN
                               : args->severity == GPR_LOG_SEVERITY_INFO ? KVX_LOG_INFO
                                                                         : KVX_LOG_DEBUG;
    kvx_log(log, level, "gRPC core", KVX_S("text", args->message), KVX_S("file", args->file),
            KVX_I("line", args->line));
}

void kvx_rpc_core_log(struct kvx_log *log)
{
    atomic_store_explicit(&core_log, log, memory_order_relaxed);
    gpr_set_log_function(log ? write_line : NULL);
}
