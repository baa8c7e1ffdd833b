/* One cache line of eight slots: which of them carry a tag, which are empty. */
#ifndef INDEX_BUCKET_H
#define INDEX_BUCKET_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { KVX_BUCKET_SLOTS = 8, KVX_BUCKET_ALL = 0xff };

enum { KVX_SLOT_POS_BITS = 34, KVX_SLOT_TAG_BITS = 30 };

/* Bit k: slot k. */
struct kvx_bucket_bits {
    unsigned tagged; /* slots of this tag; an empty slot has tag 0 */
    unsigned empty;
};

#ifdef __SSE2__

/* The upper halves of eight slots hold the tag and two bits of the position. */
static inline struct kvx_bucket_bits kvx_bucket_look(const uint64_t *bucket, uint64_t tag)
{
    __m128i tagged[2], empty[2];
    const __m128i want = _mm_set1_epi32((int)(uint32_t)(tag << 2)), low_bits = _mm_set1_epi32(3);
    for (unsigned i = 0; i < 2; i++) {
        __m128 a = _mm_load_ps((const float *)(const void *)(bucket + 4 * i));
        __m128 b = _mm_load_ps((const float *)(const void *)(bucket + 4 * i + 2));
        __m128i high = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
        __m128i low = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
        tagged[i] = _mm_cmpeq_epi32(_mm_andnot_si128(low_bits, high), want);
        empty[i] = _mm_cmpeq_epi32(_mm_or_si128(high, low), _mm_setzero_si128());
    }
    __m128i bits =
        _mm_packs_epi16(_mm_packs_epi32(tagged[0], tagged[1]), _mm_packs_epi32(empty[0], empty[1]));
    unsigned mask = (unsigned)_mm_movemask_epi8(bits);
    return (struct kvx_bucket_bits){mask & KVX_BUCKET_ALL, mask >> 8};
}

#else

static inline struct kvx_bucket_bits kvx_bucket_look(const uint64_t *bucket, uint64_t tag)
{
    struct kvx_bucket_bits bits = {0, 0};
    for (unsigned k = 0; k < KVX_BUCKET_SLOTS; k++) {
        bits.tagged |= (unsigned)(bucket[k] >> KVX_SLOT_POS_BITS == tag) << k;
        bits.empty |= (unsigned)(bucket[k] == 0) << k;
    }
    return bits;
}

#endif

#endif /* INDEX_BUCKET_H */
