/* Lists of numbers, as kvindexctl reads them, against the plainest reading of what was accepted: every run of
 * digits is a number, whatever stands between them. The first byte chooses tokens or hashes. */
#include "fuzz.h"
#include "numbers.h"

#include <ctype.h>
#include <stdlib.h>

static uint64_t value_at(const struct ctl_numbers *n, size_t i)
{
    return n->tokens ? n->tokens[i] : n->hashes[i];
}

/* The number that begins at text[*i], which is behind it afterwards. */
static uint64_t plain_number(struct kvx_bytes text, size_t *i)
{
    bool negative = *i && text.data[*i - 1] == '-';
    uint64_t value = 0;
    for (; *i < text.len && isdigit((unsigned char)text.data[*i]); ++*i)
        value = value * 10 + (uint64_t)(text.data[*i] - '0');
    return negative ? 0 - value : value;
}

static void compare(const struct ctl_numbers *n, struct kvx_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len;) {
        if (!isdigit((unsigned char)text.data[i])) {
            i++;
            continue;
        }
        uint64_t value = plain_number(text, &i);
        if (count == n->n || value != value_at(n, count++))
            abort();
    }
    if (count != n->n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctl_numbers numbers = {0};
    struct kvx_error error = {0};
    if (!size)
        return 0;
    struct kvx_bytes text = {(const char *)data + 1, size - 1};
    int status = ctl_numbers_parse(&numbers, &kvx_system_allocator, data[0] & 1, text, "input", &error);
    if (status == KVX_OK)
        compare(&numbers, text);
    else if (!kvx_bytes_is_text(kvx_bytes_of(error.text)) || !error.text[0])
        abort(); /* every refusal says why, in printable words */
    ctl_numbers_free(&numbers);
    return 0;
}
