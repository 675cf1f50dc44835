/*
 * Reads files in the dialect of ~/.aws files, each of them a line {"kind": "credentials" or
 * "config", "text": TEXT} on standard input, and prints a line for each: its profiles as an object
 * of objects, {PROFILE: {KEY: VALUE}}, where VALUE is null when it goes on in an indented line, or
 * {"error": MESSAGE} when the file cannot be read.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"

static cJSON *object_in(cJSON *parent, const char *name)
{
    cJSON *child = cJSON_GetObjectItemCaseSensitive(parent, name);

    return child != NULL ? child : cJSON_AddObjectToObject(parent, name);
}

/* Every key that stands anywhere in the file: also one of [DEFAULT] is a profile's. */
static void list_profile(const struct profile_file *file, const char *profile, cJSON *output)
{
    cJSON *keys = object_in(output, profile);

    for (size_t i = 0; i < file->count; i++) {
        for (size_t j = 0; j < file->sections[i].count; j++) {
            const char *key = file->sections[i].entries[j].key;
            const struct profile_entry *entry = profile_find(file, profile, key);

            if (entry == NULL || cJSON_GetObjectItemCaseSensitive(keys, key) != NULL)
                continue;
            if (entry->continued != 0)
                cJSON_AddNullToObject(keys, key);
            else
                cJSON_AddStringToObject(keys, key, entry->value);
        }
    }
}

static void list(const struct profile_file *file, cJSON *output)
{
    for (size_t i = 0; i < file->count; i++) {
        const char *profile = file->sections[i].profile;

        if (profile != NULL && profile_exists(file, profile))
            list_profile(file, profile, output);
    }
}

static void answer(const cJSON *input)
{
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "kind"));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "text"));
    cJSON *output = cJSON_CreateObject();
    struct profile_file file;
    struct error error = ERROR_INIT;
    char *line;

    if (profile_parse(&file,
                      strcmp(kind, "config") == 0 ? PROFILE_CONFIG_FILE : PROFILE_CREDENTIALS_FILE,
                      "file", text, strlen(text), &error))
        list(&file, output);
    else
        cJSON_AddStringToObject(output, "error", error.text);
    line = cJSON_PrintUnformatted(output);
    puts(line);
    cJSON_free(line);
    cJSON_Delete(output);
    profile_free(&file);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        cJSON *input = cJSON_Parse(line);

        answer(input);
        cJSON_Delete(input);
    }
    free(line);
    return 0;
}
