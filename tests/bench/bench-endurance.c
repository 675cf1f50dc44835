/*
 * Many logins in one process, as a display manager or cron makes them: what do they leave behind?
 *
 *     bench-endurance CONFDIR SERVICE VARIABLES LOGINS
 *
 * Prints "zombies N", "descriptors N" (more than before), "resident N" (KiB more than before) and
 * "own N", the part of it that is the process's own memory and not a library's code, of which the
 * kernel maps 64 KiB more whenever a new page of it is used. Some logins go before the count, so
 * that what libraries keep for good is there.
 */
#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/login.h"

#define LOGINS_BEFORE 200

static long count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = 0;

    if (folder == NULL)
        give_up("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* proc(5), status: VmRSS or RssAnon. */
static long status_kib(const char *key)
{
    FILE *file = fopen("/proc/self/status", "re");
    size_t length = strlen(key);
    char line[256];
    long kib = -1;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, length) == 0 && line[length] == ':')
            kib = strtol(line + length + 1, NULL, 10);
    }
    if (file == NULL || kib < 0)
        give_up("/proc/self/status");
    fclose(file);
    return kib;
}

static long count_zombies(void)
{
    long count = 0;

    while (waitpid(-1, NULL, WNOHANG) > 0)
        count++;
    return count;
}

static void log_in(struct login *login, size_t times)
{
    for (size_t i = 0; i < times; i++)
        login_once(login);
}

int main(int argc, char **argv)
{
    struct login login;
    long descriptors;
    long resident;
    long own;

    if (argc != 5)
        return 2;
    login = (struct login){
        .folder = argv[1], .service = argv[2], .variables = (unsigned)strtoul(argv[3], NULL, 10)};
    log_in(&login, LOGINS_BEFORE);
    count_zombies();
    descriptors = count_descriptors();
    resident = status_kib("VmRSS");
    own = status_kib("RssAnon");
    log_in(&login, strtoul(argv[4], NULL, 10));
    resident = status_kib("VmRSS") - resident;
    own = status_kib("RssAnon") - own;
    printf("zombies %ld\ndescriptors %ld\nresident %ld\nown %ld\n", count_zombies(),
           count_descriptors() - descriptors, resident, own);
    return 0;
}
