/* The command line, the completion scripts made from its tables, and files that are written whole or not at
 * all. */
#include "candidates.h"
#include "cli.h"
#include "completion.h"
#include "failing_allocator.h"
#include "files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int parse(struct ctl_line *line, const char *words, const char *server, struct kvx_error *e)
{
    static char copy[512];
    static char *argv[32];
    int argc = 0;
    snprintf(copy, sizeof(copy), "kvindexctl %s", words);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return ctl_line_parse(line, argc, argv, server, e);
}

static void options_before_and_behind_the_command(void **state)
{
    (void)state;
    static const char *const same[] = {
        "--server h:1 --timeout 3 --json register --instance a --endpoint tcp://x:1 --dp-rank 2",
        "register --instance a --endpoint tcp://x:1 --dp-rank 2 --server h:1 --timeout 3 --json",
        "--instance a --json --timeout=3 register --endpoint=tcp://x:1 --dp-rank 2 --server=h:1"};
    struct ctl_line line;
    struct kvx_error e;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(parse(&line, same[i], "other:2", &e), KVX_OK);
        assert_int_equal(line.command->id, CTL_REGISTER);
        assert_string_equal(line.settings.server, "h:1");
        assert_string_equal(line.settings.instance, "a");
        assert_string_equal(line.settings.endpoint, "tcp://x:1");
        assert_int_equal(line.settings.timeout_s, 3);
        assert_int_equal(line.settings.dp_rank, 2);
        assert_true(line.settings.json);
        ctl_line_free(&line);
    }
}

static void defaults(void **state)
{
    (void)state;
    struct ctl_line line;
    struct kvx_error e;
    assert_int_equal(parse(&line, "workers", NULL, &e), KVX_OK);
    assert_string_equal(line.settings.server, CTL_SERVER);
    assert_int_equal(line.settings.timeout_s, 10);
    ctl_line_free(&line);
    assert_int_equal(parse(&line, "workers", "h:1", &e), KVX_OK);
    assert_string_equal(line.settings.server, "h:1");
    ctl_line_free(&line);
    assert_int_equal(parse(&line, "workers", "", &e), KVX_OK);
    assert_string_equal(line.settings.server, CTL_SERVER);
    ctl_line_free(&line);
    assert_int_equal(parse(&line, "-h", NULL, &e), KVX_OK);
    assert_true(line.settings.help && !line.command);
    ctl_line_free(&line);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "which command?"},
        {"nonsense", "unknown command `nonsense`"},
        {"workers more", "workers: unexpected `more`"},
        {"help query more", "help: unexpected `more`"},
        {"completion", "completion wants SHELL"},
        {"workers --tokens 1", "unknown option `--tokens`"},
        {"workers --timeout 0", "--timeout: `0`"},
        {"workers --server", "--server wants a value"},
        {"query", "query wants one of --tokens"},
        {"query --tokens 1 --hashes 2", "query wants one of --tokens"},
        {"register --endpoint tcp://x:1", "register wants --instance"},
        {"register --instance a", "register wants --endpoint"},
        {"unregister", "unregister wants --instance"},
        {"register --instance a --endpoint b --dp-rank x", "--dp-rank: `x`"},
        {"register --instance a --endpoint b --kind x", "--kind: `x` is none of engine|pool"},
        {"query --hashes 1 --sequence-hashes 2", "query wants one of"},
        {"query --hashes 1 --lora x", "belong to tokens"},
        {"query --sequence-hashes 1 --cache-salt x", "belong to tokens"},
        {"query --hashes-file x --bigrams", "belong to tokens"},
        {"query --tokens 1 --limit 0", "--limit: `0`"},
        {"query --tokens 1 --candidate", "--candidate wants a value"},
        {"workers --candidate a", "unknown option `--candidate`"},
        {"peer", "peer wants add|remove"},
        {"peer add", "peer wants URL"},
        {"peer list", "peer: `list` is none of add|remove"},
        {"peer ad", "peer: `ad` is none of add|remove"},
        {"peer add http://h:1 more", "peer: unexpected `more`"},
        {"peers more", "peers: unexpected `more`"},
    };
    struct ctl_line line;
    struct kvx_error e;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = parse(&line, bad[i][0], NULL, &e);
        if (status != KVX_INVALID || !strstr(e.text, bad[i][1]))
            fail_msg("`%s`: %d \"%s\"", bad[i][0], status, e.text);
    }
}

static void bare_arguments(void **state)
{
    (void)state;
    struct ctl_line line;
    struct kvx_error e;
    assert_int_equal(parse(&line, "peer add --json http://h:1", NULL, &e), KVX_OK);
    assert_int_equal(line.command->id, CTL_PEER);
    assert_string_equal(line.words[0], "add");
    assert_string_equal(line.words[1], "http://h:1");
    ctl_line_free(&line);
    assert_int_equal(parse(&line, "help", NULL, &e), KVX_OK);
    assert_null(line.words[0]);
    ctl_line_free(&line);
}

static void choices(void **state)
{
    (void)state;
    struct ctl_line line;
    struct kvx_error e;
    static const char base[] = "register --instance a --endpoint b";
    char words[128];
    for (int kind = 0; kind < 2; kind++) {
        snprintf(words, sizeof(words), "%s --kind %s", base, kind ? "pool" : "engine");
        assert_int_equal(parse(&line, words, NULL, &e), KVX_OK);
        assert_int_equal(line.settings.kind, kind);
        ctl_line_free(&line);
    }
}

static void candidates_are_collected(void **state)
{
    (void)state;
    static const char *const same[] = {"query --candidate a --tokens 1 --candidate=b:2 --candidate c:",
                                       "--candidate a --candidate=b:2 query --candidate c: --tokens 1"};
    struct ctl_line line;
    struct kvx_error e;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(parse(&line, same[i], NULL, &e), KVX_OK);
        assert_int_equal(line.settings.n_candidates, 3);
        assert_string_equal(line.settings.candidates[0], "a");
        assert_string_equal(line.settings.candidates[1], "b:2");
        assert_string_equal(line.settings.candidates[2], "c:");
        ctl_line_free(&line);
    }
    assert_int_equal(parse(&line, "query --tokens 1", NULL, &e), KVX_OK);
    assert_int_equal(line.settings.n_candidates, 0);
    ctl_line_free(&line);
}

/* Unlike the command line, a file can say it once. */
static void a_candidate_of_the_configuration(void **state)
{
    (void)state;
    char path[] = "/tmp/kvindexctl-config.XXXXXX", words[128];
    static const char text[] = "candidate = a:1\n";
    struct ctl_line line;
    struct kvx_error e;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    close(fd);
    snprintf(words, sizeof(words), "query --tokens 1 --config %s", path);
    assert_int_equal(parse(&line, words, NULL, &e), KVX_OK);
    assert_int_equal(line.settings.n_candidates, 1);
    assert_string_equal(line.settings.candidates[0], "a:1");
    ctl_line_free(&line);
    snprintf(words, sizeof(words), "query --tokens 1 --config %s --candidate b", path);
    assert_int_equal(parse(&line, words, NULL, &e), KVX_OK);
    assert_int_equal(line.settings.n_candidates, 1);
    assert_string_equal(line.settings.candidates[0], "b");
    ctl_line_free(&line);
    unlink(path);
}

static void ids_and_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id;
        int64_t rank; /* -1: all */
        const char *error;
    } rows[] = {
        {"a", "a", -1, NULL},
        {"a:0", "a", 0, NULL},
        {"a:4294967295", "a", UINT32_MAX, NULL},
        {"a:", "a", -1, NULL},
        {"h:80:", "h:80", -1, NULL},
        {"h:80:1", "h:80", 1, NULL},
        {"h:x", "h:x", -1, NULL},
        {"h:-1", "h:-1", -1, NULL},
        {"h:+1", "h:+1", -1, NULL},
        {"a:4294967296", NULL, 0, "the rank of `a:4294967296`"},
        {"a:99999999999999999999", NULL, 0, "the rank of"},
        {":1", NULL, 0, "`:1` has no ID"},
        {":", NULL, 0, "`:` has no ID"},
        {"", NULL, 0, "`` has no ID"},
    };
    struct kvx_arena arena;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct kvindex_candidate *c = NULL;
        struct kvx_error e = {.text = ""};
        int status = ctl_candidates_parse(&rows[i].text, 1, &arena, &c, &e);
        assert_int_equal(status, rows[i].error ? KVX_INVALID : KVX_OK);
        if (rows[i].error) {
            assert_non_null(strstr(e.text, "--candidate: "));
            assert_non_null(strstr(e.text, rows[i].error));
            continue;
        }
        assert_string_equal(c->instance_id, rows[i].id);
        assert_int_equal(c->dp_rank ? (int64_t)*c->dp_rank : -1, rows[i].rank);
    }
    kvx_arena_reset(&arena);
}

static void candidates_without_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "b:1"};
    const struct kvindex_candidate *c;
    struct failing_allocator memory;
    struct kvx_error e;
    int status = KVX_NOMEM;
    for (uint64_t n = 1; status == KVX_NOMEM; n++) {
        struct kvx_arena arena;
        failing_allocator_init(&memory);
        memory.fail_at = n;
        kvx_arena_init(&arena, &memory.allocator, 1 << 20);
        status = ctl_candidates_parse(texts, 2, &arena, &c, &e);
        assert_true(n > 1 || status == KVX_NOMEM);
        kvx_arena_reset(&arena);
        assert_int_equal(memory.live, 0);
    }
    assert_int_equal(status, KVX_OK);
}

static void every_table_fits(void **state)
{
    (void)state;
    size_t n_global = 0;
    while (ctl_global_options[n_global].name)
        n_global++;
    for (const struct ctl_command *c = ctl_commands; c->name; c++) {
        size_t n = n_global;
        for (const struct kvx_option *o = c->options; o->name; o++, n++)
            for (const struct kvx_option *g = ctl_global_options; g->name; g++)
                assert_string_not_equal(o->name, g->name);
        assert_in_range(n, 1, CTL_OPTIONS_MAX - 1);
        assert_ptr_equal(ctl_find_command(c->name), c);
    }
}

enum { NOT_INSTALLED = 127 };

/* Runs a program and returns its exit code; what it prints goes to `out`, as a text. */
static int run_program(const char *const *argv, char *out, size_t size)
{
    int ends[2], status;
    size_t len = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvp(argv[0], (char *const *)argv);
        _exit(NOT_INSTALLED);
    }
    close(ends[1]);
    for (ssize_t n = 1; n > 0 && len < size - 1; len += (size_t)(n > 0 ? n : 0))
        n = read(ends[0], out + len, size - 1 - len);
    out[len] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs SHELL -n on the script, or says that there is no such shell. */
static void check_syntax(const char *shell, const char *script, size_t len)
{
    char path[] = "/tmp/kvindexctl-completion.XXXXXX", out[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, script, len) == (ssize_t)len);
    close(fd);
    int status = run_program((const char *const[]){shell, "-n", path, NULL}, out, sizeof(out));
    unlink(path);
    if (status == NOT_INSTALLED)
        print_message("SKIPPED: syntax of the %s completion: %s is not installed\n", shell, shell);
    else
        assert_int_equal(status, 0);
}

static void completion_scripts(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    struct kvx_buf b;
    struct kvx_error e;
    kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        kvx_buf_clear(&b);
        assert_int_equal(ctl_completion(&b, shells[i], &e), KVX_OK);
        kvx_buf_char(&b, 0);
        assert_true(kvx_buf_ok(&b));
        for (const struct ctl_command *c = ctl_commands; c->name; c++) {
            assert_non_null(strstr(b.data, c->name));
            for (const struct kvx_option *o = c->options; o->name; o++)
                assert_non_null(strstr(b.data, o->name));
        }
        check_syntax(shells[i], b.data, b.len - 1);
    }
    assert_int_equal(ctl_completion(&b, "tcsh", &e), KVX_INVALID);
    assert_non_null(strstr(e.text, "`tcsh`"));
    kvx_buf_free(&b);
}

/* What bash would offer for `kvindexctl WORDS`, the last word being the one to complete. */
static void expect_bash(const char *words, const char *expected)
{
    char script[16384], got[512];
    struct kvx_buf b;
    struct kvx_error e;
    kvx_buf_init(&b, &kvx_system_allocator, sizeof(script) / 2);
    assert_int_equal(ctl_completion(&b, "bash", &e), KVX_OK);
    assert_true(kvx_buf_ok(&b));
    snprintf(script, sizeof(script),
             "%.*s\nCOMP_WORDS=(kvindexctl %s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _kvindexctl; "
             "echo \"${COMPREPLY[*]}\"",
             (int)b.len, b.data, words);
    kvx_buf_free(&b);
    assert_int_equal(run_program((const char *const[]){"bash", "-c", script, NULL}, got, sizeof(got)), 0);
    got[strcspn(got, "\n")] = 0;
    assert_string_equal(got, expected);
}

static void bash_offers_what_fits(void **state)
{
    (void)state;
    expect_bash("st", "status");
    expect_bash("--server h:1 wo", "workers");
    expect_bash("query --to", "--tokens --tokens-file");
    expect_bash("dump --o", "--output");
    expect_bash("workers --o", "");
    expect_bash("register --dp-rank ''", "");
    expect_bash("completion z", "zsh");
    expect_bash("register --kind p", "pool");
    expect_bash("query --seq", "--sequence-hashes --sequence-hashes-file");
    expect_bash("peer re", "remove");
    expect_bash("pee", "peers peer");
}

/* ---- Files ---- */

struct folder {
    char path[64], file[96];
};

static void make_folder(struct folder *f)
{
    snprintf(f->path, sizeof(f->path), "/tmp/kvindexctl-test.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof(f->file), "%s/out", f->path);
}

/* Removing the folder fails when something else was left in it. */
static void remove_folder(struct folder *f)
{
    unlink(f->file);
    assert_int_equal(rmdir(f->path), 0);
}

static void expect_content(const char *path, const char *text)
{
    struct kvx_buf b;
    struct kvx_error e;
    kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
    assert_int_equal(ctl_read(path, &b, &e), KVX_OK);
    assert_int_equal(b.len, strlen(text));
    assert_memory_equal(b.data, text, b.len);
    kvx_buf_free(&b);
}

static void a_file_appears_whole(void **state)
{
    (void)state;
    struct folder f;
    struct ctl_output o;
    struct kvx_error e;
    struct stat about;
    make_folder(&f);
    mode_t mask = umask(027);
    assert_int_equal(ctl_output_open(&o, f.file, &e), KVX_OK);
    assert_int_equal(ctl_output_write(&o, "one\n", 4, &e), KVX_OK);
    assert_int_not_equal(access(f.file, F_OK), 0);
    assert_int_equal(ctl_output_close(&o, &e), KVX_OK);
    umask(mask);
    expect_content(f.file, "one\n");
    assert_int_equal(stat(f.file, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);

    assert_int_equal(ctl_output_open(&o, f.file, &e), KVX_OK);
    assert_int_equal(ctl_output_write(&o, "two\n", 4, &e), KVX_OK);
    ctl_output_discard(&o);
    expect_content(f.file, "one\n");
    remove_folder(&f);
}

static void a_link_stays_a_link(void **state)
{
    (void)state;
    struct folder f;
    struct ctl_output o;
    struct kvx_error e;
    struct stat about;
    char link[128];
    make_folder(&f);
    snprintf(link, sizeof(link), "%s/link", f.path);
    assert_int_equal(close(open(f.file, O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(symlink(f.file, link), 0);
    assert_int_equal(ctl_output_open(&o, link, &e), KVX_OK);
    assert_int_equal(ctl_output_write(&o, "x", 1, &e), KVX_OK);
    assert_int_equal(ctl_output_close(&o, &e), KVX_OK);
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    expect_content(f.file, "x");
    unlink(link);
    remove_folder(&f);
}

static void devices_are_written_directly(void **state)
{
    (void)state;
    struct ctl_output o;
    struct kvx_error e;
    struct stat about;
    assert_int_equal(ctl_output_open(&o, "/dev/null", &e), KVX_OK);
    assert_int_equal(ctl_output_write(&o, "x", 1, &e), KVX_OK);
    assert_int_equal(ctl_output_close(&o, &e), KVX_OK);
    assert_int_equal(stat("/dev/null", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
    assert_int_equal(ctl_output_open(&o, "/dev/full", &e), KVX_OK);
    assert_int_equal(ctl_output_write(&o, "x", 1, &e), KVX_INTERNAL);
    assert_non_null(strstr(e.text, "/dev/full: No space left"));
    ctl_output_discard(&o);
}

static void files_that_cannot_be(void **state)
{
    (void)state;
    struct ctl_output o;
    struct kvx_buf b;
    struct kvx_error e;
    assert_int_equal(ctl_output_open(&o, "/nonexistent/file", &e), KVX_INTERNAL);
    assert_non_null(strstr(e.text, "cannot write /nonexistent/file: No such file"));
    kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
    assert_int_equal(ctl_read("/nonexistent/file", &b, &e), KVX_INVALID);
    assert_non_null(strstr(e.text, "cannot read /nonexistent/file: No such file"));
    assert_int_equal(ctl_read("/tmp", &b, &e), KVX_INVALID);
    assert_int_equal(ctl_read("/dev/zero", &b, &e), KVX_TOO_LARGE);
    kvx_buf_free(&b);
}

static void an_interruption_ends_writing(void **state)
{
    (void)state;
    struct ctl_output o;
    struct kvx_error e;
    const atomic_bool yes = true;
    assert_int_equal(ctl_output_open(&o, "/dev/null", &e), KVX_OK);
    o.interrupted = &yes;
    assert_int_equal(ctl_output_write(&o, "x", 1, &e), KVX_CANCELLED);
    ctl_output_discard(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_before_and_behind_the_command),
        cmocka_unit_test(defaults),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(bare_arguments),
        cmocka_unit_test(choices),
        cmocka_unit_test(candidates_are_collected),
        cmocka_unit_test(a_candidate_of_the_configuration),
        cmocka_unit_test(ids_and_ranks),
        cmocka_unit_test(candidates_without_memory),
        cmocka_unit_test(every_table_fits),
        cmocka_unit_test(completion_scripts),
        cmocka_unit_test(bash_offers_what_fits),
        cmocka_unit_test(a_file_appears_whole),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(devices_are_written_directly),
        cmocka_unit_test(files_that_cannot_be),
        cmocka_unit_test(an_interruption_ends_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
