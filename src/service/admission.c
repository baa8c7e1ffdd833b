/* Whether a registration may enter, and with which block size. */
#include "partitions.h"
#include "registry.h"

/* The block size that the partitions of this model, tenant and salt agree on. */
struct known_size {
    uint32_t tokens; /* 0: there is none */
    bool several;
    bool asked; /* one of them is what was asked for */
};

static struct known_size known_size(const struct kvx_service *s, const struct kvx_partition_choice *asked,
                                    bool any_salt)
{
    struct kvx_partition_choice c = *asked;
    struct known_size known = {0, false, false};
    c.block_size = 0;
    c.has_salt = !any_salt;
    for (const struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        if (!kvx_choice_fits(&c, p))
            continue;
        known.several |= known.tokens && known.tokens != p->name.block_size;
        known.asked |= asked->block_size == p->name.block_size;
        known.tokens = p->name.block_size;
    }
    return known;
}

static int choose_block_size(const struct kvx_service *s, const struct kvx_register_args *args, uint32_t *out,
                             struct kvx_error *e)
{
    const struct kvx_partition_choice *c = &args->partition;
    const struct known_size known = known_size(s, c, args->one_block_size);
    uint32_t existing = known.tokens ? known.tokens : kvx_default_block_size(s, c), asked = c->block_size;
    if (!asked && known.several)
        return kvx_partition_several(s, c, e);
    if (!asked && !existing)
        return kvx_fail(
            e, KVX_INVALID,
            "`block_size`: no block size is known: give it here or start kvindexd with --block-size");
    struct kvx_bytes model = kvx_choice_model(c), tenant = kvx_choice_tenant(c);
    if (args->one_block_size && asked && existing && asked != existing && !known.asked)
        return kvx_fail(e, KVX_CONFLICT,
                        "`block_size`: block_size mismatch for model=%.*s %s=%.*s: existing=%u, requested=%u",
                        (int)model.len, model.data, kvx_choice_tenant_word(c), (int)tenant.len, tenant.data,
                        existing, asked);
    *out = asked ? asked : existing;
    return KVX_OK;
}

static const struct kvx_worker *registered_rank(const struct kvx_instance *instance, uint32_t dp_rank)
{
    const struct kvx_worker *w = kvx_instance_rank(instance, dp_rank);
    return w && !w->learned ? w : NULL;
}

static bool is_registered(const struct kvx_instance *instance)
{
    for (size_t i = 0; i < instance->n; i++)
        if (!instance->workers[i]->learned)
            return true;
    return false;
}

/* What NVIDIA's rules refuse: with one_partition an instance of another model or tenant, with one_block_size
 * a rank of this one, whatever its block size. */
static int refuse_taken(const struct kvx_service *s, const struct kvx_register_args *args,
                        struct kvx_error *e)
{
    struct kvx_partition_choice here = args->partition;
    const struct kvx_instance *taken = NULL;
    here.block_size = 0;
    here.has_salt = false;
    for (size_t i = 0; i < s->n_instances; i++) {
        const struct kvx_instance *instance = s->instances[i];
        if (!kvx_bytes_is(args->instance.text, instance->id))
            continue;
        const struct kvx_partition_name *name = &instance->partition->name;
        bool same = kvx_choice_fits(&here, instance->partition);
        if (args->one_partition && !same && is_registered(instance))
            return kvx_fail(e, KVX_EXISTS, "instance %s is already registered for model=%s %s=%s",
                            instance->id, name->model.data, kvx_choice_tenant_word(&args->partition),
                            name->tenant.data);
        if (args->one_block_size && same && registered_rank(instance, args->dp_rank))
            taken = instance;
    }
    return taken ? kvx_fail(e, KVX_EXISTS, "instance %s dp_rank %u already registered", taken->id,
                            args->dp_rank)
                 : KVX_OK;
}

int kvx_admit(const struct kvx_service *s, const struct kvx_register_args *args, uint32_t *block_size,
              struct kvx_error *e)
{
    int status = refuse_taken(s, args, e);
    return status ? status : choose_block_size(s, args, block_size, e);
}
