/*
 * libFuzzer: any bytes as a file of PAM's configuration, in both forms, and each of its controls.
 * What must hold: every line lies within the file, in order, and no word holds what ends one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/check_pam_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t count_breaks(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

static void check_line(const struct pam_line *line)
{
    static const char *const answers[] = {"success", "session_err", "default", "ignore"};
    unsigned jump;

    require(line->type_text != NULL && line->control != NULL && line->module != NULL);
    require((line->kind == PAM_BROKEN) ==
            (line->type == PAM_TYPE_UNKNOWN || *line->control == '\0' || *line->module == '\0'));
    for (size_t i = 0; i < line->argument_count; i++)
        require(strchr(line->arguments[i], '#') == NULL);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        require((pam_control_action(line->control, answers[i], &jump) == PAM_ACTION_JUMP) ==
                (jump > 0));
}

static void check_file(const char *text, size_t size, bool names_services)
{
    struct arena arena = ARENA_INIT;
    struct pam_file file;
    unsigned last = 0;

    pam_file_read(&file, &arena, "file", text, size, names_services);
    for (size_t i = 0; i < file.count; i++) {
        require(file.lines[i].number > last);
        require((file.lines[i].service != NULL) == names_services);
        last = file.lines[i].number;
        check_line(&file.lines[i]);
    }
    require(last <= count_breaks(text, size) + 1);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_file((const char *)data, size, false);
    check_file((const char *)data, size, true);
    return 0;
}
