#include "cli/configuration.h"

#include <string.h>

#include "paths.h"

void configuration_complain(const struct command *command, const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];

        complain(command, "%s%s", item->severity == SEVERITY_WARNING ? "warning: " : "",
                 item->text != NULL ? item->text : "out of memory");
    }
}

bool configuration_load(const struct command *command, struct config *config, const char *path,
                        uid_t owner)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    bool ok = config_load(config, path, strcmp(path, PATH_CONFIG) == 0, owner, &diagnostics);

    configuration_complain(command, &diagnostics);
    diagnostics_free(&diagnostics);
    return ok;
}
