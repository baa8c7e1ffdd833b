#include "media.h"

#include <strings.h>

/* Upper-case; a name that ends in '*' stands for all names that begin like it ("cuda:0"). */
static const struct {
    const char *name;
    enum kvx_tier tier;
} media[] = {
    {"GPU", KVX_TIER_DEVICE},
    {"DEVICE", KVX_TIER_DEVICE},
    {"CUDA*", KVX_TIER_DEVICE},
    {"HIP*", KVX_TIER_DEVICE},
    {"NPU*", KVX_TIER_DEVICE},
    {"XPU*", KVX_TIER_DEVICE},
    {"CPU", KVX_TIER_HOST},
    {"CPU_PINNED", KVX_TIER_HOST},
    {"CPU_TIER1", KVX_TIER_HOST},
    {"HOST", KVX_TIER_HOST},
    {"DISK", KVX_TIER_DISK},
    {"CPU_TIER2", KVX_TIER_DISK}, /* SGLang's name for its third level, which is storage */
    {"NVME", KVX_TIER_DISK},
    {"STORAGE", KVX_TIER_DISK},
    {"FS", KVX_TIER_DISK},
    {"EXTERNAL", KVX_TIER_EXTERNAL},
    {"REMOTE", KVX_TIER_EXTERNAL},
    {"NETWORK", KVX_TIER_EXTERNAL},
    {"SHARED", KVX_TIER_EXTERNAL},
    {"OBJ", KVX_TIER_EXTERNAL},
    {"SHARED_STORAGE", KVX_TIER_EXTERNAL},
    {"OBJECT_STORE", KVX_TIER_EXTERNAL},
};

bool kvx_medium_tier(struct kvx_bytes name, enum kvx_tier *out)
{
    if (name.len == 0) {
        *out = KVX_TIER_DEVICE;
        return true;
    }
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        size_t len = strlen(media[i].name);
        bool prefix = media[i].name[len - 1] == '*';
        len -= prefix;
        if (name.len < len || (!prefix && name.len != len))
            continue;
        /* strncasecmp stops at a NUL, where the name then differs from ours, which has none */
        if (strncasecmp(name.data, media[i].name, len) == 0) {
            *out = media[i].tier;
            return true;
        }
    }
    return false;
}
