#include "partition.h"

struct kvx_partition_choice kvx_rpc_partition(const char *model, const char *tenant, const char *salt,
                                              uint32_t block_size)
{
    return (struct kvx_partition_choice){
        .model = kvx_bytes_of(model),
        .tenant = kvx_bytes_of(tenant),
        .additional_salt = kvx_bytes_of(salt),
        .has_salt = *salt != 0,
        .block_size = block_size,
    };
}

struct kvx_partition_choice kvx_rpc_partitions(const char *model, const char *tenant)
{
    return (struct kvx_partition_choice){
        .model = kvx_bytes_of(model),
        .tenant = kvx_bytes_of(tenant),
        .any_model = *model == 0,
        .any_tenant = *tenant == 0,
    };
}

Kvindex__V1__Partition *kvx_rpc_partition_answer(struct kvx_arena *arena,
                                                 const struct kvx_partition_name *name)
{
    Kvindex__V1__Partition *out = kvx_arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    kvindex__v1__partition__init(out);
    out->model = kvx_arena_text(arena, name->model);
    out->tenant = kvx_arena_text(arena, name->tenant);
    out->additional_salt = kvx_arena_text(arena, name->additional_salt);
    out->block_size_tokens = name->block_size;
    return out->model && out->tenant && out->additional_salt ? out : NULL;
}
