/* Lists of numbers: every form, every kind of bad input with its place, and out of memory. */
#include "failing_allocator.h"
#include "numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int parse(struct ctl_numbers *n, bool hashes, const char *text, struct kvx_error *e)
{
    return ctl_numbers_parse(n, &kvx_system_allocator, hashes, kvx_bytes_of(text), "--list", e);
}

static void forms(void **state)
{
    (void)state;
    static const char *const same[] = {
        "1,2,4294967295",           "1 2 4294967295",       "1, 2\n4294967295",          "[1,2,4294967295]",
        " [ 1 , 2,4294967295 ] \n", "1\t2\r\n4294967295\n", "0000000000001 2,4294967295"};
    struct ctl_numbers n;
    struct kvx_error e;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(parse(&n, false, same[i], &e), KVX_OK);
        assert_int_equal(n.n, 3);
        assert_int_equal(n.tokens[0], 1);
        assert_int_equal(n.tokens[1], 2);
        assert_int_equal(n.tokens[2], UINT32_MAX);
        assert_null(n.hashes);
        ctl_numbers_free(&n);
    }
}

static void empty_lists(void **state)
{
    (void)state;
    static const char *const none[] = {"", " \n", "[]", " [ ] "};
    struct ctl_numbers n;
    struct kvx_error e;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(parse(&n, true, none[i], &e), KVX_OK);
        assert_int_equal(n.n, 0);
        ctl_numbers_free(&n);
    }
}

static void hashes_with_and_without_sign(void **state)
{
    (void)state;
    struct ctl_numbers n;
    struct kvx_error e;
    assert_int_equal(
        parse(&n, true,
              "-1583300653928780152 16863443419780771464 -9223372036854775808 18446744073709551615 -0", &e),
        KVX_OK);
    assert_int_equal(n.n, 5);
    assert_true(n.hashes[0] == UINT64_C(16863443419780771464) && n.hashes[1] == n.hashes[0]);
    assert_true(n.hashes[2] == UINT64_C(1) << 63 && n.hashes[3] == UINT64_MAX && n.hashes[4] == 0);
    ctl_numbers_free(&n);
}

static void bad_input_names_the_place(void **state)
{
    (void)state;
    static const struct {
        bool hashes;
        const char *text, *message;
    } bad[] = {
        {false, "1,x", "--list: line 1, column 3: a token id is a number in 0..4294967295, not `x`"},
        {false, "1,\n2 3\n 4x5", "line 3, column 2: a token id is a number in 0..4294967295, not `4x5`"},
        {false, "4294967296", "line 1, column 1: a token id"},
        {false, "99999999999999999999999", "not `99999999999999999999999`"},
        {false, "-1", "not `-1`"},
        {false, "1.0", "not `1.0`"},
        {false, "1e3", "not `1e3`"},
        {false, "+1", "not `+1`"},
        {false, "1,,2", "column 3: a token id is a number in 0..4294967295, not `,`"},
        {false, "1,", "column 3: a token id is a number in 0..4294967295, not the end"},
        {false, ",1", "column 1: a token id"},
        {false, "1]", "column 2: a token id is a number in 0..4294967295, not `]`"},
        {false, "[1 2]", "column 4: `,` or `]` is expected here, not `2`"},
        {false, "[1,2", "column 5: `,` or `]` is expected here, not the end"},
        {false, "[", "`]` is expected here, not the end"},
        {false, "[1,]", "column 4: a token id"},
        {false, "[1] 2", "column 5: nothing may follow the array, not `2`"},
        {false, "[[1]]", "column 2: a token id"},
        {false, "\"1\"", "column 1: a token id"},
        {false, "\x1b[31m", "not `?[31m`"},
        {true, "18446744073709551616", "a hash is a number in -9223372036854775808..18446744073709551615"},
        {true, "-9223372036854775809", "not `-9223372036854775809`"},
        {true, "-", "not `-`"},
        {true, "--1", "not `--1`"},
        {true, "0xff", "not `0xff`"},
    };
    struct ctl_numbers n;
    struct kvx_error e;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = parse(&n, bad[i].hashes, bad[i].text, &e);
        ctl_numbers_free(&n);
        if (status != KVX_INVALID || !strstr(e.text, bad[i].message))
            fail_msg("`%s`: %d \"%s\", not \"%s\"", bad[i].text, status, e.text, bad[i].message);
    }
}

/* NUL bytes are input like any other, and the end is where the length says. */
static void bytes_not_strings(void **state)
{
    (void)state;
    struct ctl_numbers n;
    struct kvx_error e;
    const char text[] = {'1', ',', '2', '3'}, zero[] = {'1', 0, '2'};
    assert_int_equal(
        ctl_numbers_parse(&n, &kvx_system_allocator, false, (struct kvx_bytes){text, 3}, "x", &e), KVX_OK);
    assert_int_equal(n.tokens[1], 2);
    ctl_numbers_free(&n);
    assert_int_equal(
        ctl_numbers_parse(&n, &kvx_system_allocator, false, (struct kvx_bytes){zero, 3}, "x", &e),
        KVX_INVALID);
    ctl_numbers_free(&n);
}

/* What was written in any form is read back; what was damaged never passes for other numbers than it shows.
 */
static void random_lists(void **state)
{
    (void)state;
    static const char *const gaps[] = {",", " ", "\n", " , ", "\t"};
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        char text[4096];
        uint64_t want[64];
        size_t len = 0, count = (size_t)(rand_r(&seed) % 64);
        bool array = rand_r(&seed) % 2;
        len += (size_t)sprintf(text, "%s", array ? " [" : "");
        for (size_t i = 0; i < count; i++) {
            want[i] =
                ((uint64_t)rand_r(&seed) << 40) ^ ((uint64_t)rand_r(&seed) << 20) ^ (uint64_t)rand_r(&seed);
            const char *gap = i == 0 ? "" : array ? "," : gaps[rand_r(&seed) % 5];
            len += (size_t)sprintf(text + len, "%s%llu", gap, (unsigned long long)want[i]);
        }
        len += (size_t)sprintf(text + len, "%s", array ? "]\n" : "");
        struct ctl_numbers n;
        struct kvx_error e;
        assert_int_equal(parse(&n, true, text, &e), KVX_OK);
        assert_int_equal(n.n, count);
        for (size_t i = 0; i < count; i++)
            assert_true(n.hashes[i] == want[i]);
        ctl_numbers_free(&n);
        if (len == 0)
            continue;
        text[(size_t)rand_r(&seed) % len] = (char)(rand_r(&seed) % 256);
        int status =
            ctl_numbers_parse(&n, &kvx_system_allocator, true, (struct kvx_bytes){text, len}, "x", &e);
        assert_true(status == KVX_OK || status == KVX_INVALID);
        ctl_numbers_free(&n);
    }
}

static void too_many(void **state)
{
    (void)state;
    size_t len = 2 * ((size_t)CTL_NUMBERS_MAX + 1);
    char *text = malloc(len);
    struct ctl_numbers n;
    struct kvx_error e;
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 ? ' ' : '1';
    int status = ctl_numbers_parse(&n, &kvx_system_allocator, false, (struct kvx_bytes){text, len}, "x", &e);
    assert_int_equal(status, KVX_TOO_LARGE);
    ctl_numbers_free(&n);
    assert_int_equal(
        ctl_numbers_parse(&n, &kvx_system_allocator, false, (struct kvx_bytes){text, len - 2}, "x", &e),
        KVX_OK);
    assert_int_equal(n.n, CTL_NUMBERS_MAX);
    ctl_numbers_free(&n);
    free(text);
}

static void out_of_memory(void **state)
{
    (void)state;
    char text[1024];
    size_t len = 0;
    for (int i = 0; i < 300; i++)
        len += (size_t)sprintf(text + len, "%d ", i % 10);
    uint64_t fail_at = 1;
    for (int status = KVX_NOMEM; status != KVX_OK; fail_at++) {
        struct failing_allocator f;
        struct ctl_numbers n;
        struct kvx_error e;
        failing_allocator_init(&f);
        f.fail_at = fail_at;
        status = ctl_numbers_parse(&n, &f.allocator, false, (struct kvx_bytes){text, len}, "x", &e);
        assert_true(status == KVX_OK || status == KVX_NOMEM);
        ctl_numbers_free(&n);
        assert_int_equal(f.live, 0);
    }
    assert_true(fail_at > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(empty_lists),
        cmocka_unit_test(hashes_with_and_without_sign),
        cmocka_unit_test(bad_input_names_the_place),
        cmocka_unit_test(bytes_not_strings),
        cmocka_unit_test(random_lists),
        cmocka_unit_test(too_many),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
