#include "cache/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define NOW UINT64_C(5000000)

static uint64_t now(void)
{
    return NOW;
}

static uint64_t before(void)
{
    return 3999999;
}

static char folder_path[] = "/tmp/ssmenv-store-XXXXXX";
static int folder;

static void open_folder(void)
{
    strcpy(folder_path + strlen(folder_path) - 6, "XXXXXX");
    folder = mkdtemp(folder_path) != NULL ? open(folder_path, O_RDONLY | O_DIRECTORY) : -1;
    CHECK(folder >= 0);
}

static void close_folder(void)
{
    char command[64];

    close(folder);
    snprintf(command, sizeof command, "rm -rf %s", folder_path);
    CHECK_INT(system(command), 0);
}

static void fill(struct store *store)
{
    *store =
        (struct store){.fetched_at = 4000000,
                       .attempt_at = 4000000,
                       .attempt_end = 4000100,
                       .attempt = ATTEMPT_SUCCEEDED,
                       .reason = text_copy(""),
                       .user = text_copy("deploy"),
                       .values = {.answers = calloc(2, sizeof(struct answer)), .answer_count = 2}};
    answer_set(&store->values.answers[0], ANSWER_FOUND, "");
    answer_add(&store->values.answers[0], "/prod/db", "s3cret\n");
    answer_set(&store->values.answers[1], ANSWER_MISSING, "does not exist");
}

static void save(const char *key)
{
    struct store store;
    struct error error = ERROR_INIT;

    fill(&store);
    if (!CHECK(store_save(&store, folder, key, &error)))
        printf("# %s\n", error.text);
    store_free(&store);
}

static enum store_load load(const char *key, struct store *store, struct error *error)
{
    *error = ERROR_INIT;
    return store_load(store, folder, key, now, error);
}

static void what_is_saved_is_loaded(void)
{
    struct store store;
    struct error error;

    open_folder();
    CHECK_INT(load("key", &store, &error), STORE_ABSENT);
    save("key");
    CHECK_INT(load("key", &store, &error), STORE_LOADED);
    CHECK_INT((long long)store.fetched_at, 4000000);
    CHECK_INT((long long)store.attempt_end, 4000100);
    CHECK_INT(store.attempt, ATTEMPT_SUCCEEDED);
    if (CHECK_INT((long long)store.values.answer_count, 2))
        CHECK_TEXT(store.values.answers[0].entries[0].value, "s3cret\n");
    store_free(&store);
    store_free(&store);
    close_folder();
}

static void the_file_is_for_its_user_alone(void)
{
    char name[STORE_NAME_BYTES];
    struct stat status;

    open_folder();
    umask(0);
    save("key");
    store_name("key", name);
    CHECK(fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK_INT(status.st_mode & 07777, 0600);
    close_folder();
}

/* A hash that two keys share must not hand out somebody else's values. */
static void a_file_of_another_key_is_no_file(void)
{
    char first[STORE_NAME_BYTES];
    char second[STORE_NAME_BYTES];
    struct store store;
    struct error error;

    open_folder();
    save("first");
    store_name("first", first);
    store_name("second", second);
    CHECK(renameat(folder, first, folder, second) == 0);
    CHECK_INT(load("second", &store, &error), STORE_ABSENT);
    close_folder();
}

static size_t read_whole(const char *name, unsigned char *bytes, size_t size)
{
    int descriptor = openat(folder, name, O_RDONLY);
    ssize_t length = read(descriptor, bytes, size);

    close(descriptor);
    return length < 0 ? 0 : (size_t)length;
}

static void write_whole(const char *name, const unsigned char *bytes, size_t length)
{
    int descriptor = openat(folder, name, O_WRONLY | O_TRUNC);

    CHECK(write(descriptor, bytes, length) == (ssize_t)length);
    close(descriptor);
}

static void every_cut_and_every_changed_byte_is_damage(void)
{
    unsigned char bytes[1024];
    char name[STORE_NAME_BYTES];
    struct store store;
    struct error error;
    size_t length;

    open_folder();
    save("key");
    store_name("key", name);
    length = read_whole(name, bytes, sizeof bytes);
    CHECK(length > 50);
    for (size_t cut = 0; cut < length; cut++) {
        write_whole(name, bytes, cut);
        CHECK_INT(load("key", &store, &error), STORE_DAMAGED);
    }
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 0x41;
        write_whole(name, bytes, length);
        CHECK_INT(load("key", &store, &error), STORE_DAMAGED);
        bytes[i] ^= 0x41;
    }
    CHECK_CONTAINS(error.text, "cached values in ");
    CHECK_CONTAINS(error.text, " are discarded: damaged");
    write_whole(name, bytes, length);
    CHECK_INT(load("key", &store, &error), STORE_LOADED);
    store_free(&store);
    close_folder();
}

static void a_time_of_the_future_is_damage(void)
{
    struct store store;
    struct error error = ERROR_INIT;

    open_folder();
    save("key");
    CHECK_INT(store_load(&store, folder, "key", before, &error), STORE_DAMAGED);
    close_folder();
}

static uint64_t remove_and_tell_time(void)
{
    char name[STORE_NAME_BYTES];

    store_name("key", name);
    unlinkat(folder, name, 0);
    return NOW;
}

/* Else a file that is written between the two would be of the future. */
static void the_time_is_asked_after_reading(void)
{
    struct store store;
    struct error error = ERROR_INIT;

    open_folder();
    save("key");
    CHECK_INT(store_load(&store, folder, "key", remove_and_tell_time, &error), STORE_LOADED);
    store_free(&store);
    close_folder();
}

static void a_file_tells_its_key_and_its_user(void)
{
    char name[STORE_NAME_BYTES];
    struct store store;
    struct error error = ERROR_INIT;
    char *key;

    open_folder();
    save("a key");
    store_name("a key", name);
    CHECK_INT(store_read(&store, &key, folder, name, now, &error), STORE_LOADED);
    CHECK_TEXT(key, "a key");
    CHECK_TEXT(store.user, "deploy");
    text_free(key);
    store_free(&store);
    CHECK_INT(store_read(&store, &key, folder, "0123456789abcdef", now, &error), STORE_ABSENT);
    CHECK(key == NULL);
    close_folder();
}

static void a_link_a_fifo_and_a_folder_in_its_place_are_damage(void)
{
    char name[STORE_NAME_BYTES];
    struct store store;
    struct error error;

    open_folder();
    store_name("key", name);
    CHECK(symlinkat("/etc/passwd", folder, name) == 0);
    CHECK_INT(load("key", &store, &error), STORE_DAMAGED);
    CHECK(unlinkat(folder, name, 0) == 0 && mkfifoat(folder, name, 0600) == 0);
    CHECK_INT(load("key", &store, &error), STORE_DAMAGED);
    CHECK(unlinkat(folder, name, 0) == 0 && mkdirat(folder, name, 0700) == 0);
    CHECK_INT(load("key", &store, &error), STORE_DAMAGED);
    close_folder();
}

static void a_folder_that_is_full_or_read_only_is_an_error(void)
{
    struct store store;
    struct error error = ERROR_INIT;
    int nowhere = open("/proc/self", O_RDONLY | O_DIRECTORY);

    fill(&store);
    CHECK(!store_save(&store, nowhere, "key", &error));
    CHECK_CONTAINS(error.text, "fetched values cannot be kept: ");
    store_free(&store);
    close(nowhere);
}

static const struct tap_test tests[] = {
    {"what is saved is loaded", what_is_saved_is_loaded},
    {"the file is for its user alone", the_file_is_for_its_user_alone},
    {"a file of another key is no file", a_file_of_another_key_is_no_file},
    {"every cut and every changed byte is damage", every_cut_and_every_changed_byte_is_damage},
    {"a time of the future is damage", a_time_of_the_future_is_damage},
    {"the time is asked after reading", the_time_is_asked_after_reading},
    {"a file tells its key and its user", a_file_tells_its_key_and_its_user},
    {"a link, a FIFO and a folder in its place are damage",
     a_link_a_fifo_and_a_folder_in_its_place_are_damage},
    {"a folder that cannot be written is an error", a_folder_that_is_full_or_read_only_is_an_error},
};

TAP_MAIN(tests)
