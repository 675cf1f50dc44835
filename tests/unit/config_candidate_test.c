#include "config/config.h"

#include "config/section.h"
#include "scratch_folder.h"
#include "tap.h"

struct judging {
    struct scratch scratch;
    struct config config;
    struct diagnostics diagnostics;
    bool good;
    char names[256]; /* that the sections write, in order, with blanks between */
};

/* ssmenv.conf, conf.d/20-b.conf and conf.d/40-d.conf are there; new is not in its place yet. */
static struct judging *judge(const char *as, const char *text)
{
    struct judging *judging = calloc(1, sizeof *judging);
    char path[256];
    char new[256];
    struct config_candidate candidate = {.path = new, .as = as};

    if (judging == NULL)
        abort();
    judging->scratch = scratch_new();
    mkdir(scratch_path(&judging->scratch, "conf.d"), 0755);
    scratch_write(&judging->scratch, "conf.d/20-b.conf", "[env]\nB = \"1\"\n");
    scratch_write(&judging->scratch, "conf.d/40-d.conf", "[env]\nD = \"1\"\n");
    snprintf(new, sizeof new, "%s", scratch_write(&judging->scratch, "new", text));
    chmod(new, 0666);
    snprintf(path, sizeof path, "%s",
             scratch_write(&judging->scratch, "ssmenv.conf", "[env]\nA = \"1\"\n"));
    judging->good = config_load_candidates(&judging->config, path, true, geteuid(), &candidate, 1,
                                           &judging->diagnostics);
    for (size_t i = 0, used = 0; i < judging->config.section_count; i++)
        used += (size_t)snprintf(judging->names + used, sizeof judging->names - used, "%s%s",
                                 i != 0 ? " " : "", judging->config.sections[i].assignments->name);
    return judging;
}

static void judging_end(struct judging *judging)
{
    config_free(&judging->config);
    diagnostics_free(&judging->diagnostics);
    scratch_end(&judging->scratch);
    free(judging);
}

static void places(void)
{
    static const struct {
        const char *as;
        const char *names;
    } cases[] = {
        {"10-n.conf", "A NEW B D"},    {"30-n.conf", "A B NEW D"}, {"50-n.conf", "A B D NEW"},
        {"20-b.conf", "A NEW D"},      {"40-d.conf", "A B NEW"},   {"ssmenv.conf", "NEW B D"},
        {".source.conf", "A B D NEW"}, {"tmp0x1y2z", "A B D NEW"}, {NULL, "A B D NEW"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct judging *judging = judge(cases[i].as, "[env]\nNEW = \"1\"\n");

        CHECK(judging->good);
        CHECK_TEXT(judging->names, cases[i].names);
        judging_end(judging);
    }
}

static void mistakes(void)
{
    struct judging *judging = judge("30-n.conf", "[env]\nNEW = \n");
    char place[300];

    snprintf(place, sizeof place, "%s:2:", scratch_path(&judging->scratch, "new"));
    CHECK(!judging->good);
    CHECK(judging->diagnostics.errors == 1);
    CHECK_CONTAINS(judging->diagnostics.items[0].text, place);
    judging_end(judging);
}

static void unreadable(void)
{
    struct config config = CONFIG_INIT;
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct config_candidate candidates[] = {{.path = "/nonexistent/new"}, {.path = "/"}};

    CHECK(!config_load_candidates(&config, "/nonexistent/ssmenv.conf", true, 0, candidates, 2,
                                  &diagnostics));
    CHECK(diagnostics.errors == 2);
    CHECK_TEXT(diagnostics.items[0].text, "/nonexistent/new: No such file or directory");
    CHECK_TEXT(diagnostics.items[1].text, "/: Is a directory");
    config_free(&config);
    diagnostics_free(&diagnostics);
}

static void oversized(void)
{
    struct judging *judging;
    char *text = malloc(LIMIT_CONFIG_BYTES + 2);

    if (text == NULL)
        abort();
    memset(text, '\n', LIMIT_CONFIG_BYTES + 1);
    text[LIMIT_CONFIG_BYTES + 1] = '\0';
    judging = judge(NULL, text);
    CHECK(!judging->good);
    CHECK_CONTAINS(judging->diagnostics.items[0].text, "is larger than 1048576 bytes");
    judging_end(judging);
    text[LIMIT_CONFIG_BYTES] = '\0';
    judging = judge(NULL, text);
    CHECK(judging->good);
    judging_end(judging);
    free(text);
}

static const struct tap_test tests[] = {
    {"a candidate is read in its own place, in that of a file, or last", places},
    {"a candidate's mistakes are told with its own path, whoever may write it", mistakes},
    {"a candidate that cannot be read is a mistake", unreadable},
    {"a candidate is no longer than a file may be", oversized},
};

TAP_MAIN(tests)
