#include "config/config.h"

#include "config/section.h"
#include "scratch_folder.h"
#include "tap.h"

struct loading {
    struct scratch scratch;
    struct config config;
    struct diagnostics diagnostics;
    bool good;
    char messages[16 * 1024]; /* with the folder's path left out */
};

static struct loading *loading_new(void)
{
    struct loading *loading = calloc(1, sizeof *loading);

    if (loading == NULL)
        abort();
    loading->scratch = scratch_new();
    return loading;
}

static void collect_messages(struct loading *loading)
{
    size_t used = 0;

    loading->messages[0] = '\0';
    for (size_t i = 0; i < loading->diagnostics.count; i++) {
        const char *text = loading->diagnostics.items[i].text;
        size_t length = strlen(loading->scratch.folder);
        const char *found;

        if (i != 0)
            loading->messages[used++] = '\n';
        while ((found = strstr(text, loading->scratch.folder)) != NULL) {
            used += (size_t)snprintf(loading->messages + used, sizeof loading->messages - used,
                                     "%.*s", (int)(found - text), text);
            text = found + length + 1;
        }
        used +=
            (size_t)snprintf(loading->messages + used, sizeof loading->messages - used, "%s", text);
    }
}

static const char *load(struct loading *loading, bool missing_is_empty)
{
    char path[256];

    snprintf(path, sizeof path, "%s", scratch_path(&loading->scratch, "ssmenv.conf"));
    loading->good =
        config_load(&loading->config, path, missing_is_empty, geteuid(), &loading->diagnostics);
    collect_messages(loading);
    return loading->messages;
}

static void loading_end(struct loading *loading)
{
    config_free(&loading->config);
    config_free(&loading->config);
    diagnostics_free(&loading->diagnostics);
    scratch_end(&loading->scratch);
    free(loading);
}

/* The names that the sections write, in order, with blanks between. */
static const char *written_names(const struct loading *loading, char *names, size_t size)
{
    size_t used = 0;

    names[0] = '\0';
    for (size_t i = 0; i < loading->config.section_count; i++) {
        const struct section *section = &loading->config.sections[i];

        for (size_t j = 0; j < section->count; j++)
            used += (size_t)snprintf(names + used, size - used, "%s%s", used != 0 ? " " : "",
                                     section->assignments[j].name);
    }
    return names;
}

static void main_file_then_drop_ins(void)
{
    struct loading *l = loading_new();
    char names[256];

    scratch_make_folder(&l->scratch, "conf.d");
    scratch_write(&l->scratch, "conf.d/a.conf", "[env]\nFOUR = \"4\"\n");
    scratch_write(&l->scratch, "conf.d/Z.conf", "[env]\nTHREE = \"3\"\n");
    scratch_write(&l->scratch, "conf.d/10-a.conf", "[env]\nTWO = \"2\"\n");
    scratch_write(&l->scratch, "conf.d/\303\244.conf", "[env]\nFIVE = \"5\"\n");
    scratch_write(&l->scratch, "ssmenv.conf", "[env]\nONE = \"1\"\n");
    CHECK_TEXT(load(l, false), "");
    CHECK(l->good);
    CHECK_TEXT(written_names(l, names, sizeof names), "ONE TWO THREE FOUR FIVE");
    loading_end(l);
}

static void other_names_are_ignored(void)
{
    struct loading *l = loading_new();
    char names[256];

    scratch_make_folder(&l->scratch, "conf.d");
    scratch_make_folder(&l->scratch, "conf.d/folder");
    scratch_write(&l->scratch, "conf.d/a.conf", "[env]\nA = \"1\"\n");
    scratch_write(&l->scratch, "conf.d/a.conf.dpkg-old", "oops\n");
    scratch_write(&l->scratch, "conf.d/.hidden.conf", "oops\n");
    scratch_write(&l->scratch, "conf.d/.conf", "oops\n");
    scratch_write(&l->scratch, "conf.d/README", "oops\n");
    scratch_write(&l->scratch, "conf.d/b.conf~", "oops\n");
    scratch_write(&l->scratch, "conf.d/c.CONF", "oops\n");
    scratch_write(&l->scratch, "ssmenv.conf", "");
    CHECK_TEXT(load(l, false), "");
    CHECK_TEXT(written_names(l, names, sizeof names), "A");
    loading_end(l);
}

static void missing_main_file(void)
{
    struct loading *l = loading_new();
    char names[256];

    CHECK_TEXT(load(l, true), "");
    CHECK(l->good);
    CHECK_INT((long long)l->config.section_count, 0);
    config_free(&l->config);
    CHECK_TEXT(load(l, false), "ssmenv.conf: No such file or directory");
    CHECK(!l->good);
    config_free(&l->config);
    diagnostics_free(&l->diagnostics);
    scratch_make_folder(&l->scratch, "conf.d");
    scratch_write(&l->scratch, "conf.d/a.conf", "[env]\nA = \"1\"\n");
    CHECK_TEXT(load(l, true), "");
    CHECK_TEXT(written_names(l, names, sizeof names), "A");
    loading_end(l);
}

static void mistakes_of_all_files(void)
{
    struct loading *l = loading_new();

    scratch_make_folder(&l->scratch, "conf.d");
    scratch_write(&l->scratch, "ssmenv.conf", "[env]\nA = x y\n");
    chmod(scratch_write(&l->scratch, "conf.d/a.conf", "[env]\n"), 0666);
    scratch_write(&l->scratch, "conf.d/b.conf", "[evn]\n");
    CHECK(symlink("b.conf", scratch_path(&l->scratch, "conf.d/c.conf")) == 0);
    CHECK(mkfifo(scratch_path(&l->scratch, "conf.d/d.conf"), 0644) == 0);
    scratch_make_folder(&l->scratch, "conf.d/e.conf");
    CHECK_TEXT(load(l, false),
               "ssmenv.conf:2:7: expected || or the end of the line: a text with blanks needs "
               "quotes\n"
               "conf.d/a.conf has mode 0666, which lets others in: run chmod 0644 conf.d/a.conf\n"
               "conf.d/b.conf:1:2: unknown section evn; did you mean env?\n"
               "conf.d/c.conf is a symbolic link: name the file itself\n"
               "conf.d/d.conf is not a regular file\n"
               "conf.d/e.conf is not a regular file");
    CHECK(!l->good);
    loading_end(l);
}

static void main_file_is_judged(void)
{
    struct loading *l = loading_new();

    chmod(scratch_write(&l->scratch, "ssmenv.conf", "[env]\nA = \"1\"\n"), 0664);
    CHECK_TEXT(load(l, true),
               "ssmenv.conf has mode 0664, which lets others in: run chmod 0644 ssmenv.conf");
    CHECK(!l->good);
    CHECK_INT((long long)l->config.section_count, 0);
    loading_end(l);
    l = loading_new();
    chmod(scratch_write(&l->scratch, "ssmenv.conf", "[env]\nA = \"1\"\n"), 0640);
    CHECK_TEXT(load(l, true), "");
    loading_end(l);
}

static void owner_is_judged(void)
{
    struct loading *l = loading_new();

    if (geteuid() != 0) {
        tap_skip("needs root");
        loading_end(l);
        return;
    }
    CHECK(chown(scratch_write(&l->scratch, "ssmenv.conf", "[env]\n"), 4711, 0) == 0);
    CHECK(chown(scratch_make_folder(&l->scratch, "conf.d"), 4711, 0) == 0);
    scratch_write(&l->scratch, "conf.d/a.conf", "[env]\n");
    CHECK_TEXT(load(l, true),
               "ssmenv.conf is owned by uid 4711, not by root: run chown root ssmenv.conf\n"
               "conf.d is owned by uid 4711, not by root: run chown root conf.d");
    loading_end(l);
}

static void folder_is_judged(void)
{
    struct loading *l = loading_new();

    scratch_write(&l->scratch, "ssmenv.conf", "");
    chmod(scratch_make_folder(&l->scratch, "conf.d"), 0775);
    scratch_write(&l->scratch, "conf.d/a.conf", "[evn]\n");
    CHECK_TEXT(load(l, true), "conf.d has mode 0775, which lets others in: run chmod go-w conf.d");
    CHECK(!l->good);
    loading_end(l);
}

static void folder_that_is_none(void)
{
    struct loading *l = loading_new();

    scratch_write(&l->scratch, "ssmenv.conf", "");
    scratch_write(&l->scratch, "conf.d", "");
    CHECK_TEXT(load(l, true), "conf.d: not a folder; a link is not followed");
    loading_end(l);
    l = loading_new();
    scratch_write(&l->scratch, "ssmenv.conf", "");
    scratch_make_folder(&l->scratch, "elsewhere");
    CHECK(symlink("elsewhere", scratch_path(&l->scratch, "conf.d")) == 0);
    CHECK_TEXT(load(l, true), "conf.d: not a folder; a link is not followed");
    loading_end(l);
}

static void too_large(void)
{
    struct loading *l = loading_new();

    scratch_write(&l->scratch, "ssmenv.conf", "");
    CHECK(truncate(l->scratch.path, LIMIT_CONFIG_BYTES + 1) == 0);
    CHECK_TEXT(load(l, true), "ssmenv.conf is larger than 1048576 bytes");
    loading_end(l);
}

static void too_many_files(void)
{
    struct loading *l = loading_new();
    char name[64];

    scratch_make_folder(&l->scratch, "conf.d");
    for (int i = 0; i < LIMIT_CONFIG_FILES; i++) {
        snprintf(name, sizeof name, "conf.d/%d.conf", i);
        scratch_write(&l->scratch, name, "");
    }
    CHECK_TEXT(load(l, true), "");
    config_free(&l->config);
    scratch_write(&l->scratch, "conf.d/x.conf", "");
    CHECK_TEXT(load(l, true), "conf.d holds too many files");
    loading_end(l);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

static void no_descriptor_is_left(void)
{
    struct loading *l = loading_new();
    int before = open_descriptors();

    scratch_write(&l->scratch, "ssmenv.conf", "");
    scratch_make_folder(&l->scratch, "conf.d");
    scratch_write(&l->scratch, "conf.d/a.conf", "[env]\n");
    load(l, false);
    config_free(&l->config);
    chmod(scratch_path(&l->scratch, "conf.d"), 0777);
    load(l, false);
    CHECK_INT(open_descriptors(), before);
    loading_end(l);
}

static void path_without_folder(void)
{
    struct loading *l = loading_new();
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    scratch_write(&l->scratch, "ssmenv.conf", "[env]\nA = x y\n");
    scratch_make_folder(&l->scratch, "conf.d");
    scratch_write(&l->scratch, "conf.d/a.conf", "[evn]\n");
    CHECK(chdir(l->scratch.folder) == 0);
    CHECK(!config_load(&l->config, "ssmenv.conf", true, geteuid(), &l->diagnostics));
    CHECK(fchdir(here) == 0);
    close(here);
    collect_messages(l);
    CHECK_TEXT(l->messages, "ssmenv.conf:2:7: expected || or the end of the line: a text with "
                            "blanks needs quotes\n"
                            "conf.d/a.conf:1:2: unknown section evn; did you mean env?");
    loading_end(l);
}

static const struct tap_test tests[] = {
    {"the main file comes first, then conf.d/*.conf in byte order", main_file_then_drop_ins},
    {"hidden files and other names in conf.d are ignored", other_names_are_ignored},
    {"a missing main file is no error at the default path, and drop-ins still count",
     missing_main_file},
    {"mistakes of all files are reported, with each file's name", mistakes_of_all_files},
    {"a main file that others can write is refused, 0640 is fine", main_file_is_judged},
    {"files and conf.d have to belong to root", owner_is_judged},
    {"a conf.d that others can write is refused, and nothing in it is read", folder_is_judged},
    {"a conf.d that is a file or a link is refused", folder_that_is_none},
    {"a file above 1 MiB is refused", too_large},
    {"a conf.d with more than 1024 files is refused", too_many_files},
    {"no descriptor is left open", no_descriptor_is_left},
    {"conf.d lies beside a file that is named without a folder", path_without_folder},
};

TAP_MAIN(tests)
