#include "private.h"

#include <grpc/grpc_security.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, ATTEMPTS = 3, ANSWER_BYTES_MAX = 64 << 20 };

int kvindex_fail(struct kvindex_error *e, int code, const char *format, ...)
{
    if (e) {
        va_list args;
        va_start(args, format);
        e->code = code;
        vsnprintf(e->message, sizeof(e->message), format, args);
        va_end(args);
    }
    return code;
}

int kvindex_no_memory(struct kvindex_error *e)
{
    return kvindex_fail(e, KVINDEX_RESOURCE_EXHAUSTED, "out of memory");
}

static void *system_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void system_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static grpc_arg integer(const char *key, int value)
{
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)key};
    arg.value.integer = value;
    return arg;
}

static grpc_channel *open_channel(const char *target)
{
    grpc_arg args[] = {
        integer(GRPC_ARG_ENABLE_HTTP_PROXY, 0), /* routers and indexers share a network */
        integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, ANSWER_BYTES_MAX),
        integer(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100), /* else the first retry meets no new attempt */
        integer(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000),
    };
    const grpc_channel_args list = {sizeof(args) / sizeof(args[0]), args};
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, plain, &list);
    grpc_channel_credentials_release(plain);
    return channel;
}

static int init_lock(struct kvindex_client *c)
{
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&c->lock, NULL) != 0)
        return -1;
    int status = pthread_condattr_init(&monotonic);
    if (status == 0) {
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* fails for unknown clocks only */
        status = pthread_cond_init(&c->cancelled, &monotonic);
        pthread_condattr_destroy(&monotonic);
    }
    if (status != 0)
        pthread_mutex_destroy(&c->lock);
    return status;
}

int kvindex_client_new(const char *target, const struct kvindex_options *options, struct kvindex_client **out,
                       struct kvindex_error *e)
{
    static const struct kvindex_allocator system_allocator = {system_alloc, system_free, NULL};
    static const struct kvindex_options defaults = {0};
    const struct kvindex_options *o = options ? options : &defaults;
    const struct kvindex_allocator *allocator = o->allocator ? o->allocator : &system_allocator;
    if (!target || !*target)
        return kvindex_fail(e, KVINDEX_INVALID_ARGUMENT, "`target` is empty; it is HOST:PORT");
    struct kvindex_client *c = allocator->alloc(allocator->user, sizeof(*c));
    if (!c)
        return kvindex_no_memory(e);
    *c = (struct kvindex_client){
        .allocator = *allocator,
        .timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS,
        .attempts = o->attempts ? o->attempts : ATTEMPTS,
    };
    if (init_lock(c) != 0) {
        allocator->free(allocator->user, c);
        return kvindex_no_memory(e);
    }
    grpc_init();
    c->channel = open_channel(target);
    *out = c;
    return KVINDEX_OK;
}

void kvindex_client_free(struct kvindex_client *c)
{
    if (!c)
        return;
    const struct kvindex_allocator allocator = c->allocator;
    grpc_channel_destroy(c->channel);
    grpc_shutdown();
    pthread_cond_destroy(&c->cancelled);
    pthread_mutex_destroy(&c->lock);
    allocator.free(allocator.user, c);
}

void kvindex_client_cancel(struct kvindex_client *c)
{
    pthread_mutex_lock(&c->lock);
    c->cancellations++;
    for (struct kvindex_call *call = c->calls; call; call = call->next)
        grpc_call_cancel(call->call, NULL);
    pthread_cond_broadcast(&c->cancelled);
    pthread_mutex_unlock(&c->lock);
}
