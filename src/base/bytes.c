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
