#include "json_tokens.h"

#if defined(__x86_64__) && !defined(KVX_JSON_PORTABLE)

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

/* The text is taken in windows: first where its commas are, then the numbers between them. */
enum {
    GROUP = 8,
    WINDOW = 1024,
    STEP = 64,
    SLACK = 8 /* a number at the end is read with what follows it */
};

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

/* The offsets of the commas in the window, in order. Room for one group more than there can be. */
AVX2 static unsigned find_commas(const char *p, unsigned window, uint32_t *ends)
{
    const __m256i comma = _mm256_set1_epi8(',');
    unsigned n = 0;
    for (unsigned at = 0; at < window; at += STEP) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(p + at));
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + at + 32));
        uint64_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, comma));
        uint64_t mask = low | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, comma)) << 32;
        unsigned count = (unsigned)__builtin_popcountll(mask);
        /* always whole groups: how many commas there are is hard to predict, how many groups is not */
        for (unsigned done = 0; done < count; done += GROUP)
            for (unsigned k = 0; k < GROUP; k++, mask &= mask - 1)
                ends[n + done + k] = at + (unsigned)__builtin_ctzll(mask | (uint64_t)1 << 63);
        n += count;
    }
    return n;
}

AVX2 static inline __m256i load4(const char *p, const uint32_t *ends)
{
    uint64_t word[4];
    for (unsigned i = 0; i < 4; i++)
        memcpy(&word[i], p + (uint32_t)(ends[i] + 1), sizeof(word[i]));
    return _mm256_set_epi64x((long long)word[3], (long long)word[2], (long long)word[1], (long long)word[0]);
}

/* Four numbers of `n` bytes each: their digits as bytes, the last one in the highest, zeros before the first.
 * Lanes of `space` are all ones where a space came first. */
AVX2 static inline __m256i digits4(__m256i text, __m128i n, __m256i *space)
{
    const __m256i first = _mm256_set1_epi64x(0xff);
    __m256i shift = _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64(_mm256_cvtepu32_epi64(n), 3));
    text = _mm256_xor_si256(text, _mm256_set1_epi8('0'));
    *space = _mm256_cmpeq_epi64(_mm256_and_si256(text, first), _mm256_set1_epi64x(' ' ^ '0'));
    text = _mm256_andnot_si256(_mm256_and_si256(*space, first), text);
    return _mm256_sllv_epi64(text, shift);
}

/* Two values of four digits for each eight. */
AVX2 static inline __m256i fours(__m256i digits)
{
    __m256i twos = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(1 << 8 | 10));
    return _mm256_madd_epi16(twos, _mm256_set1_epi32(1 << 16 | 100));
}

/* 64-bit lanes 0, 1 of a, 0, 1 of b, 2, 3 of a, 2, 3 of b, as AVX2 packs them: in the order of a, then b. */
AVX2 static inline __m256i in_order(__m256i packed)
{
    return _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
}

AVX2 static inline __m256i values_of(__m256i low, __m256i high)
{
    __m256i packed = _mm256_packus_epi32(fours(low), fours(high));
    return in_order(_mm256_madd_epi16(packed, _mm256_set1_epi32(1 << 16 | 10000)));
}

/* One lane for each number, all ones or all zeros. */
AVX2 static inline __m256i mask_of(__m256i low, __m256i high)
{
    __m256 both =
        _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), _MM_SHUFFLE(2, 0, 2, 0));
    return in_order(_mm256_castps_si256(both));
}

struct range {
    __m256i min, max;
};

/* Eight numbers; those behind the commas at ends[0] to ends[7]. False when one is not of the simple form. */
AVX2 static inline bool group(const char *p, const uint32_t *ends, const struct range *range, uint32_t *out)
{
    const __m256i one = _mm256_set1_epi32(1), nine = _mm256_set1_epi8(9);
    /* the least number of so many digits: no zeros in front; what has none is judged as if it had eight */
    const __m256i least = _mm256_setr_epi32(0, 10, 100, 1000, 10000, 100000, 1000000, 10000000);
    __m256i from = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(const void *)ends), one);
    __m256i n = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(ends + 1)), from);
    __m256i low_space, high_space;
    __m256i low = digits4(load4(p, ends), _mm256_castsi256_si128(n), &low_space);
    __m256i high = digits4(load4(p, ends + 4), _mm256_extracti128_si256(n, 1), &high_space);
    __m256i values = values_of(low, high);
    __m256i count = _mm256_add_epi32(n, mask_of(low_space, high_space)); /* of digits: a mask is -1 */
    __m256i bad = _mm256_or_si256(_mm256_subs_epu8(low, nine), _mm256_subs_epu8(high, nine));
    bad = _mm256_or_si256(bad, _mm256_cmpgt_epi32(n, _mm256_set1_epi32(8)));
    bad = _mm256_or_si256(
        bad, _mm256_cmpgt_epi32(_mm256_permutevar8x32_epi32(least, _mm256_sub_epi32(count, one)), values));
    bad = _mm256_or_si256(bad, _mm256_cmpgt_epi32(range->min, values));
    bad = _mm256_or_si256(bad, _mm256_cmpgt_epi32(values, range->max));
    _mm256_storeu_si256((__m256i *)(void *)out, values);
    return _mm256_testz_si256(bad, bad);
}

static int clamp(uint64_t value)
{
    return value < INT32_MAX ? (int)value : INT32_MAX; /* a number here is below 10^8 */
}

AVX2 static const char *tokens(const char *p, const char *end, uint64_t min, uint64_t max, uint32_t *out,
                               size_t room, size_t *n)
{
    const struct range range = {_mm256_set1_epi32(clamp(min)), _mm256_set1_epi32(clamp(max))};
    uint32_t ends[1 + WINDOW + GROUP];
    ends[0] = UINT32_MAX; /* the comma before the window */
    *n = 0;
    while (end - p >= STEP + SLACK) {
        size_t left = (size_t)(end - p - SLACK) / STEP * STEP;
        unsigned found = find_commas(p, left < WINDOW ? (unsigned)left : WINDOW, ends + 1), done = 0;
        for (; found - done >= GROUP && room - *n >= GROUP; done += GROUP, *n += GROUP)
            if (!group(p, ends + done, &range, out + *n))
                return p + (uint32_t)(ends[done] + 1);
        p += (uint32_t)(ends[done] + 1);
        if (!done)
            break;
    }
    return p;
}

const char *kvx_json_tokens(const char *p, const char *end, uint64_t min, uint64_t max, uint32_t *out,
                            size_t room, size_t *n)
{
    *n = 0;
    bool can =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
    return can ? tokens(p, end, min, max, out, room, n) : p;
}

#else

const char *kvx_json_tokens(const char *p, const char *end, uint64_t min, uint64_t max, uint32_t *out,
                            size_t room, size_t *n)
{
    (void)end, (void)min, (void)max, (void)out, (void)room;
    *n = 0;
    return p;
}

#endif
