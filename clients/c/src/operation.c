/* Operations: attempts, back-off between them, and the deadline over all. */
#include "private.h"

#include <time.h>

enum { BACKOFF_MS = 50, BACKOFF_DOUBLINGS_MAX = 5 };

struct operation {
    struct kvindex_client *client;
    const struct kvindex_method *method;
    grpc_slice request;
    gpr_timespec deadline;
    uint64_t cancellations; /* of the client when it began */
    unsigned attempt;       /* from 1 */
};

static void begin(struct operation *o, struct kvindex_client *c, const struct kvindex_method *method,
                  const ProtobufCMessage *request)
{
    *o = (struct operation){
        .client = c, .method = method, .attempt = 1, .deadline = kvindex_after_ms(c->timeout_ms)};
    o->request = grpc_slice_malloc(protobuf_c_message_get_packed_size(request));
    protobuf_c_message_pack(request, GRPC_SLICE_START_PTR(o->request));
    pthread_mutex_lock(&c->lock);
    o->cancellations = c->cancellations;
    pthread_mutex_unlock(&c->lock);
}

static void end(struct operation *o)
{
    grpc_slice_unref(o->request);
}

/* Half of each pause is chance, so that many clients do not come back in step. */
static uint64_t pause_ns(unsigned attempt, const struct timespec *now)
{
    unsigned doublings = attempt - 1 < BACKOFF_DOUBLINGS_MAX ? attempt - 1 : BACKOFF_DOUBLINGS_MAX;
    uint64_t half = (UINT64_C(1000000) * BACKOFF_MS << doublings) / 2;
    return half + (uint64_t)now->tv_nsec * 2654435761u % half;
}

/* Waits before the next attempt. False when there must be none: not worth it, no time left, or cancelled. */
static bool again(struct operation *o, int status)
{
    struct kvindex_client *c = o->client;
    struct timespec until;
    if (status != KVINDEX_UNAVAILABLE || !o->method->read || o->attempt >= c->attempts)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t pause = pause_ns(o->attempt, &until);
    gpr_timespec left = gpr_time_sub(o->deadline, gpr_now(GPR_CLOCK_MONOTONIC));
    if (gpr_time_to_millis(left) <= (int32_t)(pause / 1000000))
        return false;
    uint64_t ns = (uint64_t)until.tv_nsec + pause;
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec = (long)(ns % 1000000000u);
    pthread_mutex_lock(&c->lock);
    int waited = 0;
    while (waited == 0 && c->cancellations == o->cancellations)
        waited = pthread_cond_timedwait(&c->cancelled, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
    o->attempt++;
    return true; /* when cancelled, opening the next call says so */
}

static int try_unary(struct operation *o, ProtobufCMessage **answer, struct kvindex_error *e)
{
    struct kvindex_call call;
    int status = kvindex_call_open(&call, o->client, o->method->path, o->cancellations, o->deadline, e);
    if (status != KVINDEX_OK)
        return status;
    status = kvindex_call_unary(&call, o->request, e);
    if (status == KVINDEX_OK)
        status = kvindex_call_unpack(&call, o->method->answer, answer, e);
    kvindex_call_close(&call);
    return status;
}

int kvindex_unary(struct kvindex_client *c, const struct kvindex_method *method,
                  const ProtobufCMessage *request, ProtobufCMessage **answer, struct kvindex_error *e)
{
    struct operation o;
    int status;
    begin(&o, c, method, request);
    do
        status = try_unary(&o, answer, e);
    while (again(&o, status));
    end(&o);
    return status;
}

/* Receives until the end; `*failed` is a failure on this side, which then counts more than the status. */
static void take_all(struct operation *o, struct kvindex_call *call, kvindex_take_fn *take, void *user,
                     bool *taken, bool *stop, int *failed, struct kvindex_error *e)
{
    bool timed_out = false;
    while (!*stop && *failed == KVINDEX_OK && kvindex_call_receive(call, o->client->timeout_ms, &timed_out)) {
        ProtobufCMessage *message;
        *failed = kvindex_call_unpack(call, o->method->answer, &message, e);
        if (*failed != KVINDEX_OK)
            return;
        *taken = true;
        *failed = take(user, message, stop, e);
        kvindex_message_free(&o->client->allocator, message);
    }
    if (timed_out)
        *failed = kvindex_fail(e, KVINDEX_DEADLINE_EXCEEDED, "nothing came from the server for %u ms",
                               o->client->timeout_ms);
}

static int try_stream(struct operation *o, kvindex_take_fn *take, void *user, bool *taken,
                      struct kvindex_error *e)
{
    struct kvindex_call call;
    bool stop = false;
    int failed = KVINDEX_OK;
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    int status = kvindex_call_open(&call, o->client, o->method->path, o->cancellations, never, e);
    if (status != KVINDEX_OK)
        return status;
    kvindex_call_begin(&call, o->request);
    take_all(o, &call, take, user, taken, &stop, &failed, e);
    if (stop || failed != KVINDEX_OK)
        kvindex_call_stop(&call);
    status = kvindex_call_finish(&call, stop || failed != KVINDEX_OK ? NULL : e);
    kvindex_call_close(&call);
    if (failed != KVINDEX_OK)
        return failed;
    return stop ? KVINDEX_OK : status;
}

int kvindex_stream(struct kvindex_client *c, const struct kvindex_method *method,
                   const ProtobufCMessage *request, kvindex_take_fn *take, void *user,
                   struct kvindex_error *e)
{
    struct operation o;
    bool taken = false;
    int status;
    begin(&o, c, method, request);
    do
        status = try_stream(&o, take, user, &taken, e);
    while (!taken && again(&o, status));
    end(&o);
    return status;
}
