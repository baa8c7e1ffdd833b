/* grpc.health.v1.Health: the whole server ("") and kvindex.v1.KvIndexer have one health, the service's
 * readiness. */
#include "base/clock.h"
#include "env.h"
#include "kvindex_rpc.h"

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus status_type;

static bool is_known(const struct kvx_rpc_env *env, const char *name)
{
    for (size_t i = 0; i < env->schema->n_services; i++)
        if (strcmp(name, env->schema->services[i]) == 0)
            return true;
    return *name == 0;
}

/* Looked up once per poll interval, however many watchers ask. */
static status_type current(struct kvx_rpc_env *env)
{
    uint64_t now = kvx_now_ns();
    struct kvx_health health;
    struct kvx_error e;
    if (atomic_load_explicit(env->phase, memory_order_seq_cst) != KVX_RPC_SERVING)
        return NOT_SERVING;
    if (!env->ready_checked_ns || now - env->ready_checked_ns >= env->poll_ns / 2) {
        int status = kvx_service_health(env->service, env->arena, &health, &e);
        env->ready = status == KVX_OK && health.ready;
        env->ready_checked_ns = now;
    }
    return env->ready ? SERVING : NOT_SERVING;
}

int kvx_rpc_health_check(struct kvx_rpc_env *env, const Grpc__Health__V1__HealthCheckRequest *in,
                         Grpc__Health__V1__HealthCheckResponse *out, struct kvx_error *e)
{
    if (!is_known(env, in->service))
        return kvx_fail(e, KVX_NOT_FOUND, "`service`: no such service is served here");
    out->status = current(env);
    return KVX_OK;
}

struct kvx_rpc_health_watch {
    bool known, told;
    status_type last; /* what was sent, once told */
};

int kvx_rpc_health_watch_open(struct kvx_rpc_env *env, const Grpc__Health__V1__HealthCheckRequest *in,
                              struct kvx_rpc_health_watch **out, struct kvx_error *e)
{
    struct kvx_rpc_health_watch *w = kvx_alloc_zeroed(env->allocator, sizeof(*w));
    if (!w)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    w->known = is_known(env, in->service);
    *out = w;
    return KVX_OK;
}

/* The protocol wants the status at once, then each change; a service that is not known may become so, which
 * cannot happen here: its watcher is told once and waits. */
int kvx_rpc_health_watch_next(struct kvx_rpc_env *env, struct kvx_rpc_health_watch *w,
                              Grpc__Health__V1__HealthCheckResponse *out, struct kvx_error *e)
{
    (void)e; /* cannot fail */
    status_type status = w->known ? current(env) : SERVICE_UNKNOWN;
    if (w->told && w->last == status)
        return KVX_RPC_WAIT;
    w->told = true;
    w->last = status;
    out->status = status;
    return KVX_RPC_MESSAGE;
}

void kvx_rpc_health_watch_close(struct kvx_rpc_env *env, struct kvx_rpc_health_watch *w)
{
    kvx_dealloc(env->allocator, w, sizeof(*w));
}
