#include "cache/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache/lock.h"
#include "tap.h"

static char path[] = "/tmp/ssmenv-folder-XXXXXX";
static int folder;

static uint64_t now(void)
{
    return 5000;
}

static void begin(void)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    folder = mkdtemp(path) != NULL ? open(path, O_RDONLY | O_DIRECTORY) : -1;
    CHECK(folder >= 0);
}

static void end(void)
{
    char command[64];

    close(folder);
    snprintf(command, sizeof command, "rm -rf %s", path);
    CHECK_INT(system(command), 0);
}

static void make_key(int number, char key[64])
{
    struct lookup lookup = {LOOKUP_PARAMETER, 0, (char[]){"/users/x/token"}, (char[]){""}};
    struct buffer text = BUFFER_INIT;
    char identity[32];

    snprintf(identity, sizeof identity, "identity %d", number);
    set_key_write(identity, &lookup, 1, &text);
    snprintf(key, 64, "%s", buffer_text(&text));
    buffer_free(&text);
}

static void name_of(int number, char name[STORE_NAME_BYTES])
{
    char key[64];

    make_key(number, key);
    store_name(key, name);
}

/* As a fetching login does: lock and store; its value is so many bytes long. */
static void store_set(int number, size_t bytes)
{
    struct store store = {
        .fetched_at = 1000,
        .attempt_at = 1000,
        .attempt_end = 1001,
        .attempt = ATTEMPT_SUCCEEDED,
        .reason = text_copy(""),
        .user = text_copy("jane"),
        .values = {.answers = calloc(1, sizeof(struct answer)), .answer_count = 1}};
    struct error error = ERROR_INIT;
    char name[STORE_NAME_BYTES];
    char *value = calloc(bytes + 1, 1);
    char key[64];
    int lock;

    memset(value, 'x', bytes);
    answer_set(&store.values.answers[0], ANSWER_FOUND, "");
    answer_add(&store.values.answers[0], "/users/x/token", value);
    make_key(number, key);
    store_name(key, name);
    if (CHECK_INT(lock_try(folder, name, &lock, &error), LOCK_HELD)) {
        CHECK(store_save(&store, folder, key, &error));
        close(lock);
    }
    store_free(&store);
    free(value);
}

/* So many seconds ago. */
static void set_used(int number, time_t seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - seconds}};
    char file[STORE_NAME_BYTES + sizeof LOCK_SUFFIX];
    char name[STORE_NAME_BYTES];

    name_of(number, name);
    snprintf(file, sizeof file, "%s" LOCK_SUFFIX, name);
    CHECK(utimensat(folder, file, times, 0) == 0);
}

static bool is_stored(int number)
{
    char name[STORE_NAME_BYTES];

    name_of(number, name);
    return faccessat(folder, name, F_OK, 0) == 0;
}

static size_t count_files(void)
{
    int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = fdopendir(descriptor);
    size_t count = 0;

    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count - 2;
}

static bool note(void *context, struct stored_set *set)
{
    struct stored_set *seen = context;

    *seen = *set;
    set->key = NULL;
    set->parts = SET_KEY_INIT;
    set->store = (struct store){0};
    return true;
}

static void a_stored_set_says_what_it_is(void)
{
    struct error error = ERROR_INIT;
    struct stored_set seen = {0};
    char key[64];

    begin();
    store_set(7, 3);
    set_used(7, 3600);
    CHECK(folder_visit(folder, now, note, &seen, &error));
    make_key(7, key);
    CHECK_TEXT(seen.key, key);
    CHECK_TEXT(seen.parts.identity, "identity 7");
    if (CHECK_INT((long long)seen.parts.count, 1))
        CHECK_TEXT(seen.parts.lookups[0].name, "/users/x/token");
    CHECK_TEXT(seen.store.user, "jane");
    CHECK(seen.unused_ms >= 3600000 && seen.unused_ms < 7200000);
    text_free(seen.key);
    set_key_free(&seen.parts);
    store_free(&seen.store);
    end();
}

static bool count(void *context, struct stored_set *set)
{
    (void)set;
    ++*(int *)context;
    return true;
}

static void damaged_stores_and_other_files_are_not_shown(void)
{
    struct error error = ERROR_INIT;
    char name[STORE_NAME_BYTES];
    int seen = 0;

    begin();
    store_set(1, 3);
    store_set(2, 3);
    name_of(2, name);
    close(openat(folder, name, O_WRONLY | O_TRUNC));
    close(openat(folder, "something else", O_WRONLY | O_CREAT, 0600));
    CHECK(folder_visit(folder, now, count, &seen, &error));
    CHECK_INT(seen, 1);
    end();
}

static void what_is_forgotten_leaves_nothing(void)
{
    char name[STORE_NAME_BYTES];

    begin();
    store_set(1, 3);
    name_of(1, name);
    CHECK(folder_forget(folder, name, deadline_in(0)));
    CHECK_INT((long long)count_files(), 0);
    end();
}

static void a_set_that_is_being_fetched_is_not_forgotten(void)
{
    struct error error = ERROR_INIT;
    char name[STORE_NAME_BYTES];
    int lock;

    begin();
    store_set(1, 3);
    name_of(1, name);
    CHECK_INT(lock_try(folder, name, &lock, &error), LOCK_HELD);
    CHECK(!folder_forget(folder, name, deadline_in(20)));
    CHECK(is_stored(1));
    close(lock);
    CHECK(folder_forget(folder, name, deadline_in(20)));
    end();
}

static pid_t start_traced_locking(const char *name)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct error error = ERROR_INIT;
        struct stat status;
        int lock;

        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(lock_try(folder, name, &lock, &error) == LOCK_HELD && fstat(lock, &status) == 0
                  ? (int)status.st_nlink
                  : 99);
    }
    waitpid(child, NULL, 0);
    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD);
    return child;
}

static void run_to_flock(pid_t child)
{
    struct __ptrace_syscall_info info = {0};
    int status = 0;

    do {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        waitpid(child, &status, 0);
        ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    } while (WIFSTOPPED(status) &&
             (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_flock));
}

/* Else two would fetch at once: one under the removed lock, one under the new one. */
static void a_lock_that_is_removed_after_it_was_opened_is_not_taken(void)
{
    char name[STORE_NAME_BYTES];
    int status = 0;
    pid_t child;

    begin();
    store_set(1, 3);
    name_of(1, name);
    child = start_traced_locking(name);
    run_to_flock(child);
    CHECK(folder_forget(folder, name, deadline_in(0)));
    ptrace(PTRACE_DETACH, child, NULL, NULL);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 1);
    end();
}

static void emptying_takes_everything_but_folders(void)
{
    struct error error = ERROR_INIT;
    size_t sets = 0;

    begin();
    store_set(1, 3);
    store_set(2, 3);
    close(openat(folder, "of another version", O_WRONLY | O_CREAT, 0600));
    CHECK(symlinkat("/etc/passwd", folder, "link") == 0);
    CHECK(folder_empty(folder, deadline_in(1000), &sets, &error));
    CHECK_INT((long long)sets, 2);
    CHECK_INT((long long)count_files(), 0);
    CHECK(access("/etc/passwd", F_OK) == 0);
    end();
}

/* More users than there is room for, who log in one after the other; the first one comes again. */
static void many_users_have_the_sets_used_last(void)
{
    enum { USERS = FOLDER_SETS_MAX / 4 * 5, KEPT = FOLDER_SETS_MAX / 4 * 3 };
    char first[STORE_NAME_BYTES];

    begin();
    name_of(1, first);
    for (int i = 1; i <= USERS; i++) {
        store_set(i, 3);
        set_used(i, USERS - i);
        if (i == FOLDER_SETS_MAX) {
            folder_limit(folder);
            CHECK(is_stored(1) && is_stored(2));
            lock_mark_used(folder, first);
        }
        if (i % 64 == 0)
            folder_limit(folder);
    }
    CHECK(count_files() <= (size_t)FOLDER_SETS_MAX * 2 && count_files() >= (size_t)KEPT * 2);
    for (int i = USERS; i > USERS - KEPT + 1; i--)
        CHECK(is_stored(i));
    CHECK(is_stored(1) && !is_stored(2));
    end();
}

static void large_sets_have_a_bound_together(void)
{
    enum { LARGE = 4 * 1024 * 1024, COUNT = FOLDER_BYTES_MAX / LARGE };

    begin();
    for (int i = 1; i <= COUNT + 1; i++) {
        store_set(i, LARGE);
        set_used(i, 100000 - i);
    }
    folder_limit(folder);
    store_set(COUNT + 2, 3);
    CHECK(!is_stored(1) && is_stored(COUNT + 1) && is_stored(COUNT + 2));
    end();
}

static const struct tap_test tests[] = {
    {"a stored set says what it is, whose, and when it was used", a_stored_set_says_what_it_is},
    {"damaged stores and other files are not shown", damaged_stores_and_other_files_are_not_shown},
    {"what is forgotten leaves nothing", what_is_forgotten_leaves_nothing},
    {"a set that is being fetched is not forgotten", a_set_that_is_being_fetched_is_not_forgotten},
    {"a lock that is removed after it was opened is not taken",
     a_lock_that_is_removed_after_it_was_opened_is_not_taken},
    {"emptying takes everything but folders", emptying_takes_everything_but_folders},
    {"of many users the sets used last are there, and no more than the bound",
     many_users_have_the_sets_used_last},
    {"large sets have a bound together", large_sets_have_a_bound_together},
};

TAP_MAIN(tests)
