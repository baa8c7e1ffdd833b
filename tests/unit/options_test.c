#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct settings {
    uint64_t port;
    const char *bind;
    int format;
    bool flag;
};

static const struct kvx_option table[] = {
    {"port", "Group", KVX_OPTION_UINT, offsetof(struct settings, port), "PORT", 1, 65535, "the port", false},
    {"bind", NULL, KVX_OPTION_TEXT, offsetof(struct settings, bind), "ADDRESS", 0, 0, "the address", false},
    {"format", NULL, KVX_OPTION_CHOICE, offsetof(struct settings, format), "text|json", 0, 0, "how", false},
    {"flag", NULL, KVX_OPTION_FLAG, offsetof(struct settings, flag), NULL, 0, 0, "whether", false},
    {"secret", NULL, KVX_OPTION_FLAG, offsetof(struct settings, flag), NULL, 0, 0, "", true},
    {0},
};

static int parse(struct settings *s, struct kvx_options *opts, struct kvx_error *e, const char *line)
{
    static char copy[512];
    static char *argv[16];
    int argc = 0;
    snprintf(copy, sizeof(copy), "prog %s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    *s = (struct settings){.port = 8090, .bind = "127.0.0.1"};
    return kvx_options_parse(opts, table, s, argc, argv, e);
}

static void values(void **state)
{
    (void)state;
    struct settings s;
    struct kvx_options opts;
    struct kvx_error e;
    assert_int_equal(parse(&s, &opts, &e, "--port 1 --bind=::1 --format json --flag"), 0);
    assert_int_equal(s.port, 1);
    assert_string_equal(s.bind, "::1");
    assert_int_equal(s.format, 1);
    assert_true(s.flag);
    kvx_options_free(&opts);
}

static void errors_name_the_option(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"--port 0", "--port: `0` is not a number in 1..65535"},
        {"--port 65536", "--port"},
        {"--port 1x", "--port: `1x`"},
        {"--port -1", "--port"},
        {"--port", "--port wants a value"},
        {"--format yaml", "`yaml` is none of text|json"},
        {"--flag=maybe", "--flag"},
        {"--nonsense 1", "unknown option `--nonsense`"},
        {"stray", "`stray` is not an option"},
        {"--config /nonexistent/file", "--config: cannot read /nonexistent/file"},
    };
    struct settings s;
    struct kvx_options opts;
    struct kvx_error e;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(&s, &opts, &e, bad[i][0]), KVX_INVALID);
        assert_non_null(strstr(e.text, bad[i][1]));
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_file_yields_to_the_command_line(void **state)
{
    (void)state;
    char path[] = "/tmp/kvindex-options-XXXXXX", line[128];
    struct settings s;
    struct kvx_options opts;
    struct kvx_error e;
    close(mkstemp(path));
    write_file(path, "# comment\n\n port = 7 \r\nbind=0.0.0.0\nflag = true\n");
    snprintf(line, sizeof(line), "--port 9 --config %s", path);
    assert_int_equal(parse(&s, &opts, &e, line), 0);
    assert_int_equal(s.port, 9);
    assert_string_equal(s.bind, "0.0.0.0");
    assert_true(s.flag);
    kvx_options_free(&opts);
    static const char *const bad[] = {"port = 0", "\n\nnope = 1", "port"};
    static const char *const place[] = {":1: ", ":3: ", ":1: "};
    for (size_t i = 0; i < 3; i++) {
        write_file(path, bad[i]);
        snprintf(line, sizeof(line), "--config %s", path);
        assert_int_equal(parse(&s, &opts, &e, line), KVX_INVALID);
        assert_non_null(strstr(e.text, path));
        assert_non_null(strstr(e.text, place[i]));
    }
    unlink(path);
}

static void help_lists_what_is_not_hidden(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const struct settings defaults = {.port = 8090, .bind = "127.0.0.1", .format = 1};
    kvx_options_help(table, &defaults, out);
    fclose(out);
    assert_non_null(strstr(text, "\nGroup:\n  --port PORT "));
    assert_non_null(strstr(text, "the port (default 8090)\n"));
    assert_non_null(strstr(text, "how (default json)\n"));
    assert_null(strstr(text, "secret"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(errors_name_the_option),
        cmocka_unit_test(a_file_yields_to_the_command_line),
        cmocka_unit_test(help_lists_what_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
