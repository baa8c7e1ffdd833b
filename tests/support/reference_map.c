#include "reference_map.h"

#include <stdlib.h>

void *ref_need(void *p)
{
    if (!p)
        abort();
    return p;
}

static size_t bucket(const struct ref_map *m, uint64_t key)
{
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) % m->size;
}

struct ref_node *ref_map_get(const struct ref_map *m, uint64_t key)
{
    struct ref_node *n = m->size ? m->heads[bucket(m, key)] : NULL;
    while (n && n->key != key)
        n = n->next;
    return n;
}

static void grow(struct ref_map *m)
{
    struct ref_map big = {.size = m->size * 2 + 61, .count = m->count};
    big.heads = ref_need(calloc(big.size, sizeof(*big.heads)));
    for (size_t b = 0; b < m->size; b++)
        for (struct ref_node *next, *n = m->heads[b]; n; n = next) {
            struct ref_node **head = &big.heads[bucket(&big, n->key)];
            next = n->next;
            n->next = *head;
            *head = n;
        }
    free(m->heads);
    *m = big;
}

struct ref_node *ref_map_put(struct ref_map *m, uint64_t key)
{
    struct ref_node *n = ref_map_get(m, key);
    if (n)
        return n;
    if (!m->size || m->count >= m->size)
        grow(m);
    n = ref_need(calloc(1, sizeof(*n)));
    n->key = key;
    struct ref_node **head = &m->heads[bucket(m, key)];
    n->next = *head;
    *head = n;
    m->count++;
    return n;
}

static void node_free(struct ref_node *n)
{
    free(n->values);
    free(n);
}

void ref_map_drop(struct ref_map *m, struct ref_node *n)
{
    struct ref_node **link = &m->heads[bucket(m, n->key)];
    while (*link != n)
        link = &(*link)->next;
    *link = n->next;
    m->count--;
    node_free(n);
}

void ref_map_clear(struct ref_map *m)
{
    for (size_t b = 0; b < m->size; b++)
        for (struct ref_node *next, *n = m->heads[b]; n; n = next) {
            next = n->next;
            node_free(n);
        }
    free(m->heads);
    *m = (struct ref_map){0};
}

bool ref_node_has(const struct ref_node *n, uint64_t value)
{
    for (uint32_t i = 0; n && i < n->count; i++)
        if (n->values[i] == value)
            return true;
    return false;
}

void ref_node_add(struct ref_node *n, uint64_t value)
{
    if (n->count == n->cap) {
        n->cap = n->cap * 2 + 1;
        n->values = ref_need(realloc(n->values, n->cap * sizeof(uint64_t)));
    }
    n->values[n->count++] = value;
}

void ref_node_take(struct ref_node *n, uint64_t value)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (n->values[i] == value) {
            n->values[i] = n->values[--n->count];
            return;
        }
}
