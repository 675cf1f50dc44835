#include "cli/check/check_pam_file.h"

#include <stdlib.h>

#include "tap.h"

struct reading {
    struct arena arena;
    struct pam_file file;
};

/* Read to the byte from memory of its own, so that a sanitizer sees every read past the end. */
static struct reading read_text(const char *text, bool names_services)
{
    struct reading reading = {0};
    size_t length = strlen(text);
    char *copy = malloc(length + (length == 0));

    if (copy == NULL)
        abort();
    memcpy(copy, text, length);
    pam_file_read(&reading.file, &reading.arena, "/etc/pam.d/x", copy, length, names_services);
    free(copy);
    return reading;
}

/* The lines as "NUMBER KIND TYPE CONTROL MODULE ARGUMENT|ARGUMENT", with ; between. */
static const char *describe(const struct reading *reading)
{
    static const char *const kinds[] = {
        [PAM_MODULE] = "", [PAM_INCLUDE] = "I:", [PAM_SUBSTACK] = "S:", [PAM_BROKEN] = "B:"};
    static const char *const types[] = {
        [PAM_TYPE_AUTH] = "auth",         [PAM_TYPE_ACCOUNT] = "account",
        [PAM_TYPE_PASSWORD] = "password", [PAM_TYPE_SESSION] = "session",
        [PAM_TYPE_ANY] = "any",           [PAM_TYPE_UNKNOWN] = "unknown"};
    static char text[4096];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < reading->file.count; i++) {
        const struct pam_line *line = &reading->file.lines[i];

        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u %s%s%s %s %s",
                                 i != 0 ? "; " : "", line->number, kinds[line->kind],
                                 line->silent ? "-" : "", types[line->type], line->control,
                                 line->module);
        for (size_t j = 0; j < line->argument_count; j++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", j != 0 ? "|" : " ",
                                     line->arguments[j]);
    }
    return text;
}

static void check_reading(const char *text, const char *expected)
{
    struct reading reading = read_text(text, false);

    CHECK_TEXT(describe(&reading), expected);
    arena_free(&reading.arena);
}

static void words(void)
{
    check_reading("session optional pam_ssmenv.so timeout=3s quiet\n",
                  "1 session optional pam_ssmenv.so timeout=3s|quiet");
    check_reading("\tauth\t required\t/a/b.so", "1 auth required /a/b.so");
    check_reading("-SESSION Required a.so", "1 -session Required a.so");
    check_reading("password sufficient a.so\naccount requisite b.so\n",
                  "1 password sufficient a.so; 2 account requisite b.so");
    check_reading("", "");
    check_reading("\n \n\t\n", "");
}

static void brackets(void)
{
    check_reading("session [success=ok default=1] a.so [b c] d[e\n",
                  "1 session success=ok default=1 a.so b c|d[e");
    check_reading("session [a\\]b] c.so [", "1 session a]b c.so ");
    check_reading("session [a b", "1 B:session a b ");
    check_reading("session [success=ok]a.so", "1 session success=ok a.so");
}

static void comments(void)
{
    check_reading("# session optional a.so\nsession optional b.so # c d\n#e",
                  "2 session optional b.so");
    check_reading("session optional a#b.so\n", "1 session optional a");
}

static void continuation(void)
{
    check_reading("session \\\n  optional \\\n a.so b\nauth required c.so\n",
                  "1 session optional a.so b; 4 auth required c.so");
    check_reading("session optional a.so \\ \n b\n", "1 session optional a.so b");
    check_reading("# comment \\\nsession optional a.so\n", "2 session optional a.so");
    check_reading("session optional a.so # comment \\\nauth required b.so\n",
                  "1 session optional a.so; 2 auth required b.so");
    check_reading("session optional a.so \\ # c\nauth required b.so\n",
                  "1 session optional a.so \\; 2 auth required b.so");
    check_reading("session optional a.so \\", "1 session optional a.so");
    check_reading("session optional a.so\\\n\nauth required b.so",
                  "1 session optional a.so; 3 auth required b.so");
    check_reading("\\\n\\\n\\\n", "");
}

static void includes(void)
{
    check_reading("@include common-session\n", "1 I:any include common-session");
    check_reading("session include a\nauth substack b\n",
                  "1 I:session include a; 2 S:auth substack b");
    check_reading("@include\n", "1 B:any include ");
}

static void broken(void)
{
    check_reading("session\n", "1 B:session  ");
    check_reading("session optional\n", "1 B:session optional ");
    check_reading("sesion optional a.so\n", "1 B:unknown optional a.so");
    check_reading("-\n", "1 B:-unknown  ");
    check_reading("session include\n", "1 B:session include ");
}

static void one_file_for_all(void)
{
    struct reading reading = read_text("sshd session optional a.so b\n@include x\nsu\n", true);

    CHECK_TEXT(describe(&reading), "1 session optional a.so b; 2 B:unknown  ; 3 B:unknown  ");
    CHECK_TEXT(reading.file.lines[0].service, "sshd");
    CHECK_TEXT(reading.file.lines[2].service, "su");
    CHECK_TEXT(reading.file.path, "/etc/pam.d/x");
    arena_free(&reading.arena);
}

static void controls(void)
{
    static const struct {
        const char *control;
        const char *answer;
        enum pam_action action;
        unsigned jump;
    } cases[] = {
        {"required", "success", PAM_ACTION_OK, 0},
        {"required", "session_err", PAM_ACTION_BAD, 0},
        {"required", "ignore", PAM_ACTION_IGNORE, 0},
        {"requisite", "session_err", PAM_ACTION_DIE, 0},
        {"Optional", "success", PAM_ACTION_OK, 0},
        {"optional", "session_err", PAM_ACTION_IGNORE, 0},
        {"sufficient", "success", PAM_ACTION_DONE, 0},
        {"sufficient", "session_err", PAM_ACTION_IGNORE, 0},
        {"success=ok default=ignore", "session_err", PAM_ACTION_IGNORE, 0},
        {"success=ok session_err=die default=ignore", "session_err", PAM_ACTION_DIE, 0},
        {"default=die success=done", "success", PAM_ACTION_DONE, 0},
        {"success=ok", "session_err", PAM_ACTION_BAD, 0},
        {"success=2 default=ignore", "success", PAM_ACTION_JUMP, 2},
        {"default=1", "success", PAM_ACTION_JUMP, 1},
        {"default=0", "success", PAM_ACTION_IGNORE, 0},
        {"success = 3", "success", PAM_ACTION_JUMP, 3},
        {"success=reset", "success", PAM_ACTION_RESET, 0},
        {"success=nonsense", "success", PAM_ACTION_UNKNOWN, 0},
        {"success=1x", "success", PAM_ACTION_UNKNOWN, 0},
        {"success=9999999999", "success", PAM_ACTION_UNKNOWN, 0},
        {"success=", "success", PAM_ACTION_UNKNOWN, 0},
        {"optionl", "success", PAM_ACTION_UNKNOWN, 0},
        {"", "success", PAM_ACTION_UNKNOWN, 0},
        {"=", "success", PAM_ACTION_BAD, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned jump;
        enum pam_action action = pam_control_action(cases[i].control, cases[i].answer, &jump);

        if (!CHECK_INT(action, cases[i].action) || !CHECK_INT(jump, cases[i].jump))
            printf("# %s, %s\n", cases[i].control, cases[i].answer);
    }
}

static void linear_memory(void)
{
    size_t length = 1024 * 1024;
    char *text = malloc(length + 1);
    struct reading reading;

    if (text == NULL)
        abort();
    for (size_t i = 0; i < length; i++)
        text[i] = i % 2 == 0 ? 'a' : '\n';
    text[length] = '\0';
    reading = read_text(text, false);
    CHECK(reading.file.count == length / 2);
    arena_free(&reading.arena);
    free(text);
}

static const struct tap_test tests[] = {
    {"a line is type, control, module and arguments, with any blanks between", words},
    {"a word in brackets may hold blanks and an escaped bracket", brackets},
    {"a # ends a line, wherever it stands", comments},
    {"a backslash at its end continues a line that has no comment", continuation},
    {"files are included by type, as a substack, and whole", includes},
    {"a line that PAM cannot use is kept as broken", broken},
    {"in pam.conf a line begins with its service", one_file_for_all},
    {"a control says what becomes of an answer", controls},
    {"a long file of many lines is read in linear time and memory", linear_memory},
};

TAP_MAIN(tests)
