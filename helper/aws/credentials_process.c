#include <string.h>

#include "aws/credentials_json.h"
#include "aws/credentials_provider.h"
#include "aws/process_output.h"
#include "aws/shell_words.h"

#define OUTPUT_MAX ((size_t)64 * 1024)
#define PROCESS_MS 10000 /* at most; a login has less */

static bool is_version_1(struct json document)
{
    struct json version;

    return json_member(document, "Version", &version) && version.kind == JSON_NUMBER &&
           version.length == 1 && version.text[0] == '1';
}

static bool read_output(const struct buffer *output, struct credentials *credentials,
                        struct error *error)
{
    struct json document;

    if (!json_read(&document, buffer_text(output), output->length) || document.kind != JSON_OBJECT)
        return error_set(error, "it printed no JSON object");
    if (!is_version_1(document))
        return error_set(error, "it printed no \"Version\": 1");
    return credentials_read_json(credentials, document, "SessionToken", error);
}

static bool run(const char *command, struct deadline deadline, struct credentials *credentials,
                struct error *error)
{
    struct buffer output = {.limit = OUTPUT_MAX};
    struct shell_words split;
    bool ok;

    if (!shell_words_split(&split, command, error))
        return false;
    ok = process_output(split.words, deadline_earlier(deadline, deadline_in(PROCESS_MS)), &output,
                        error) &&
         read_output(&output, credentials, error);
    shell_words_free(&split);
    buffer_free(&output);
    return ok;
}

enum provider_answer credentials_of_process(const struct provider *provider,
                                            const struct provider_place *place,
                                            struct credential_source *source, struct error *error)
{
    struct profile_value value;

    switch (shared_config_find(place->config, provider->key, &value, error)) {
    case PROFILE_VALUE_ABSENT:
        return PROVIDER_NOT_CONFIGURED;
    case PROFILE_VALUE_BROKEN:
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_FOUND:
        break;
    }
    source->command = text_copy(value.text);
    source->origin = CREDENTIALS_OF_PROCESS;
    if (place->are_kept)
        return PROVIDER_FOUND;
    if (!run(value.text, place->deadline, &source->held, error)) {
        error_context(error, "%s:%u: credential_process", value.path, value.line);
        return PROVIDER_BROKEN;
    }
    source->place = credentials_place(&value, ": credential_process");
    source->origin = CREDENTIALS_HELD;
    return PROVIDER_FOUND;
}
