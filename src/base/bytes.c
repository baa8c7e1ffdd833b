#include "base/bytes.h"

#include "utf8.h"

bool kvx_bytes_is_text(struct kvx_bytes a)
{
    size_t i = 0;
    while (i < a.len) {
        size_t n = kvx_utf8_length(a.data + i, a.len - i);
        if (!n || a.data[i] == 0)
            return false;
        i += n;
    }
    return true;
}

bool kvx_bytes_u64(struct kvx_bytes t, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!t.len || (t.data[0] == '0' && t.len > 1))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        uint64_t digit = (uint64_t)(t.data[i] - '0');
        if (t.data[i] < '0' || t.data[i] > '9' || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}
