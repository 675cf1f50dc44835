/*
 * Many logins in one process, as a display manager or cron makes them: what do they leave behind?
 *
 *     bench-endurance CONFDIR SERVICE VARIABLES LOGINS
 *
 * Prints "zombies N", "descriptors N" (more than before) and "resident N" (bytes more than before).
 * Some logins go before the count, so that what libraries keep for good is there.
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

/* proc(5), statm: the second number, in pages. */
static long resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long pages = 0;

    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        give_up("/proc/self/statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
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

    if (argc != 5)
        return 2;
    login = (struct login){
        .folder = argv[1], .service = argv[2], .variables = (unsigned)strtoul(argv[3], NULL, 10)};
    log_in(&login, LOGINS_BEFORE);
    count_zombies();
    descriptors = count_descriptors();
    resident = resident_bytes();
    log_in(&login, strtoul(argv[4], NULL, 10));
    resident = resident_bytes() - resident;
    printf("zombies %ld\ndescriptors %ld\nresident %ld\n", count_zombies(),
           count_descriptors() - descriptors, resident);
    return 0;
}
