/*
 * libFuzzer: any bytes as a shared credentials file and as a shared config file. What must hold: a
 * file that is refused is refused with its name, and one that is read gives values without line
 * breaks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_section(const struct profile_file *file, const struct profile_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct profile_entry *entry = &section->entries[i];

        require(entry->key[0] != '\0' && strpbrk(entry->key, "\r\n=:") == NULL);
        require(strpbrk(entry->value, "\r\n") == NULL);
        if (section->profile != NULL && profile_exists(file, section->profile))
            require(profile_find(file, section->profile, entry->key) != NULL);
    }
}

static void check_file(enum profile_kind kind, const char *text, size_t length)
{
    struct profile_file file;
    struct buffer names = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (profile_parse(&file, kind, "file", text, length, &error)) {
        for (size_t i = 0; i < file.count; i++)
            check_section(&file, &file.sections[i]);
        profile_list(&file, &names);
    } else {
        require(strncmp(error.text, "file:", 5) == 0);
    }
    buffer_free(&names);
    profile_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_file(PROFILE_CREDENTIALS_FILE, (const char *)data, size);
    check_file(PROFILE_CONFIG_FILE, (const char *)data, size);
    return 0;
}
