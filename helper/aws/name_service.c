#include "aws/name_service.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "common/buffer.h"
#include "common/trusted_file.h"

#define SWITCH_FILE     "/etc/nsswitch.conf"
#define SWITCH_FILE_MAX ((size_t)64 * 1024)
#define MODULE_NAME_MAX 32
#define MODULE_CHARS    "abcdefghijklmnopqrstuvwxyz0123456789_"

/* Since glibc 2.34 these are part of libc itself. */
static bool is_built_in(const char *name, size_t length)
{
#if __GLIBC_PREREQ(2, 34)
    return (length == 5 && memcmp(name, "files", 5) == 0) ||
           (length == 3 && memcmp(name, "dns", 3) == 0);
#else
    (void)name;
    (void)length;
    return false;
#endif
}

/* Modules stay loaded: libc finds them by their name. */
static void load_module(const char *name, size_t length)
{
    char file[MODULE_NAME_MAX + sizeof "libnss_.so.2"];

    if (length > MODULE_NAME_MAX || is_built_in(name, length))
        return;
    snprintf(file, sizeof file, "libnss_%.*s.so.2", (int)length, name);
    if (dlopen(file, RTLD_LAZY) == NULL)
        dlerror();
}

/* "files mdns4_minimal [NOTFOUND=return] dns" up to the end of the line. */
static void load_modules(const char *line)
{
    while (*line != '\0' && *line != '\n' && *line != '#') {
        size_t length = strspn(line, MODULE_CHARS);

        if (length > 0) {
            load_module(line, length);
            line += length;
        } else if (*line == '[') {
            line += strcspn(line, "]\n");
        } else {
            line++;
        }
    }
}

void name_service_load(void)
{
    struct buffer contents = BUFFER_INIT;
    struct error error = ERROR_INIT;
    const char *line;

    trusted_file_read(SWITCH_FILE, 0, 0022, SWITCH_FILE_MAX, &contents, &error);
    for (line = buffer_text(&contents); line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \t\n");
        if (strncmp(line, "hosts:", 6) == 0)
            load_modules(line + 6);
    }
    buffer_free(&contents);
}
