#include "workload.h"
#include "memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_request *add_request(struct sim_workload *w, size_t n_ids)
{
    if (w->n_requests == w->cap_requests) {
        w->cap_requests = w->cap_requests ? 2 * w->cap_requests : 256;
        w->requests = sim_grow(w->requests, w->cap_requests, sizeof *w->requests);
    }
    if (n_ids > w->cap_ids - w->n_ids) {
        w->cap_ids = 2 * w->cap_ids + n_ids;
        w->ids = sim_grow(w->ids, w->cap_ids, sizeof *w->ids);
    }
    struct sim_request *r = &w->requests[w->n_requests++];
    *r = (struct sim_request){w->n_ids, n_ids, 0};
    w->n_ids += n_ids;
    return r;
}

static void load_line(struct sim_workload *w, const char *path, size_t line, const char *text)
{
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        sim_die("%s:%zu: %s", path, line, error.text);
    json_t *ids = json_object_get(object, "hash_ids");
    json_t *length = json_object_get(object, "input_length");
    if (!json_is_array(ids) || !json_is_integer(length) || json_integer_value(length) < 0)
        sim_die("%s:%zu: needs input_length (an integer) and hash_ids (an array)", path, line);
    struct sim_request *r = add_request(w, json_array_size(ids));
    r->n_tokens = (size_t)json_integer_value(length);
    for (size_t i = 0; i < r->n_ids; i++) {
        json_t *id = json_array_get(ids, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            sim_die("%s:%zu: hash_ids[%zu] is not a non-negative integer", path, line, i);
        w->ids[r->first_id + i] = (uint64_t)json_integer_value(id);
    }
    json_decref(object);
}

void sim_workload_load(struct sim_workload *w, const char *path, size_t limit)
{
    FILE *f = fopen(path, "r");
    if (!f)
        sim_die("%s: %m", path);
    char *text = NULL;
    size_t cap = 0;
    for (size_t line = 1; (!limit || w->n_requests < limit) && getline(&text, &cap, f) >= 0; line++) {
        if (text[strspn(text, " \t\r\n")])
            load_line(w, path, line, text);
    }
    if (ferror(f))
        sim_die("%s: %m", path);
    free(text);
    fclose(f);
    if (!w->n_requests)
        sim_die("%s: no requests", path);
}

/* Uniform in (0, 1). */
static double uniform(uint64_t *state)
{
    return ((double)(sim_mix((*state)++) >> 11) + 0.5) * 0x1p-53;
}

static size_t random_length(uint64_t *state)
{
    double gauss = sqrt(-2 * log(uniform(state))) * cos(2 * M_PI * uniform(state));
    double length = round(14 * exp(1.038 * gauss));
    return length < 1 ? 1 : length > 247 ? 247 : (size_t)length;
}

void sim_workload_generate(struct sim_workload *w, size_t n, uint64_t seed)
{
    enum { WINDOW = 200 };
    uint64_t state = sim_mix(seed), next = 1;
    for (size_t i = 0; i < n; i++) {
        struct sim_request *r = add_request(w, random_length(&state));
        uint64_t *ids = w->ids + r->first_id;
        size_t shared = 1;
        ids[0] = 0;
        /* Three of four requests carry on a conversation, or fork one, of the last 200. */
        if (i > 0 && uniform(&state) < 0.75) {
            size_t back = 1 + (size_t)(uniform(&state) * WINDOW);
            const struct sim_request *earlier = &w->requests[i > back ? i - back : 0];
            shared = earlier->n_ids < r->n_ids ? earlier->n_ids : r->n_ids;
            memcpy(ids, w->ids + earlier->first_id, shared * sizeof *ids);
        }
        for (size_t k = shared; k < r->n_ids; k++)
            ids[k] = next++;
        r->n_tokens = r->n_ids * SIM_TRACE_BLOCK - (size_t)(uniform(&state) * SIM_TRACE_BLOCK);
    }
}

void sim_workload_prompt(const struct sim_workload *w, size_t request, struct sim_prompt *p)
{
    const struct sim_request *r = &w->requests[request];
    sim_prompt_from_ids(p, w->ids + r->first_id, r->n_ids, r->n_tokens);
}

void sim_workload_free(struct sim_workload *w)
{
    free(w->requests);
    free(w->ids);
    *w = (struct sim_workload){0};
}
