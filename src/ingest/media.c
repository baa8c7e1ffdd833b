#include "media.h"

#include <strings.h>

/* Upper-case; a name that ends in '*' stands for all names that begin like it ("cuda:0"). */
#define MEDIUM(text, tier)                      \
    {                                           \
        text, sizeof(text) - 1, KVX_TIER_##tier \
    }
static const struct {
    const char *name;
    size_t len;
    enum kvx_tier tier;
} media[] = {
    MEDIUM("GPU", DEVICE),
    MEDIUM("DEVICE", DEVICE),
    MEDIUM("CUDA*", DEVICE),
    MEDIUM("HIP*", DEVICE),
    MEDIUM("NPU*", DEVICE),
    MEDIUM("XPU*", DEVICE),
    MEDIUM("CPU", HOST),
    MEDIUM("CPU_PINNED", HOST),
    MEDIUM("CPU_TIER1", HOST),
    MEDIUM("HOST", HOST),
    MEDIUM("DISK", DISK),
    MEDIUM("CPU_TIER2", DISK), /* SGLang's name for its third level, which is storage */
    MEDIUM("NVME", DISK),
    MEDIUM("STORAGE", DISK),
    MEDIUM("FS", DISK),
    MEDIUM("EXTERNAL", EXTERNAL),
    MEDIUM("REMOTE", EXTERNAL),
    MEDIUM("NETWORK", EXTERNAL),
    MEDIUM("SHARED", EXTERNAL),
    MEDIUM("OBJ", EXTERNAL),
    MEDIUM("SHARED_STORAGE", EXTERNAL),
    MEDIUM("OBJECT_STORE", EXTERNAL),
};
#undef MEDIUM

bool kvx_medium_tier(struct kvx_bytes name, enum kvx_tier *out)
{
    if (name.len == 0) {
        *out = KVX_TIER_DEVICE;
        return true;
    }
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        size_t len = media[i].len;
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
