/* Private to base: the length of one UTF-8 character, as RFC 3629 allows it. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s[0..n), 1 to 4; 0 when it is not well-formed. n >= 1. */
static inline size_t kvx_utf8_length(const char *s, size_t n)
{
    const uint8_t *u = (const uint8_t *)s;
    if (u[0] < 0x80)
        return 1;
    size_t len = u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;
    if (!len || n < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f)) /* overlong; surrogates */
        return 0;
    if ((u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f)) /* overlong; above U+10FFFF */
        return 0;
    return len;
}

#endif /* BASE_UTF8_H */
