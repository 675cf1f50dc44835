#include "common/trusted_file.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "scratch_folder.h"
#include "tap.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

struct reading {
    enum trusted_file_result result;
    struct buffer contents;
    struct error error;
};

static struct reading read_file(const char *path, uid_t owner, mode_t forbidden, size_t limit)
{
    struct reading reading = {0};

    reading.result =
        trusted_file_read(path, owner, forbidden, limit, &reading.contents, &reading.error);
    return reading;
}

/* The file is refused, and the error is expected with the path in the place of %s. */
static void check_refused(const char *path, uid_t owner, mode_t forbidden, size_t limit,
                          const char *before, const char *after)
{
    struct reading reading = read_file(path, owner, forbidden, limit);
    char expected[1024];

    snprintf(expected, sizeof expected, "%s%s", path, before);
    if (after != NULL)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s%s", after,
                 path);
    CHECK_INT(reading.result, TRUSTED_FILE_REFUSED);
    CHECK_TEXT(reading.error.text, expected);
    buffer_free(&reading.contents);
}

static void whole_contents(void)
{
    struct scratch scratch = scratch_new();
    static char text[100000];
    struct reading reading;

    memset(text, 'x', sizeof text - 1);
    scratch_write(&scratch, "f", text);
    reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, sizeof text - 1);
    CHECK_INT(reading.result, TRUSTED_FILE_READ);
    CHECK_INT((long long)reading.contents.length, sizeof text - 1);
    CHECK_TEXT(buffer_text(&reading.contents), text);
    CHECK(!error_is_set(&reading.error));
    buffer_free(&reading.contents);
    scratch_write(&scratch, "empty", "");
    reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, 0);
    CHECK_INT(reading.result, TRUSTED_FILE_READ);
    CHECK_INT((long long)reading.contents.length, 0);
    buffer_free(&reading.contents);
    scratch_end(&scratch);
}

static void appends(void)
{
    struct scratch scratch = scratch_new();
    struct buffer contents = BUFFER_INIT;
    struct error error = ERROR_INIT;

    buffer_append_text(&contents, "before ");
    scratch_write(&scratch, "f", "12345");
    CHECK_INT(trusted_file_read(scratch.path, geteuid(), OTHERS_WRITE, 5, &contents, &error),
              TRUSTED_FILE_READ);
    CHECK_TEXT(buffer_text(&contents), "before 12345");
    buffer_free(&contents);
    scratch_end(&scratch);
}

static void absent(void)
{
    struct scratch scratch = scratch_new();
    struct reading reading = read_file(scratch_path(&scratch, "none"), geteuid(), 0, 10);

    CHECK_INT(reading.result, TRUSTED_FILE_ABSENT);
    CHECK_CONTAINS(reading.error.text, "/none: No such file or directory");
    scratch_write(&scratch, "f", "");
    reading = read_file(scratch_path(&scratch, "f/below"), geteuid(), 0, 10);
    CHECK_INT(reading.result, TRUSTED_FILE_ABSENT);
    CHECK_CONTAINS(reading.error.text, "/f/below: Not a directory");
    scratch_end(&scratch);
}

static void fifo(void)
{
    struct scratch scratch = scratch_new();

    if (!CHECK(mkfifo(scratch_path(&scratch, "fifo"), 0644) == 0))
        return;
    check_refused(scratch.path, geteuid(), OTHERS_WRITE, 10, " is not a regular file", NULL);
    scratch_end(&scratch);
}

static void other_kinds(void)
{
    struct scratch scratch = scratch_new();

    scratch_make_folder(&scratch, "folder");
    check_refused(scratch.path, geteuid(), OTHERS_WRITE, 4096, " is not a regular file", NULL);
    check_refused("/dev/null", geteuid(), 0, 10, " is not a regular file", NULL);
    scratch_end(&scratch);
}

static void unix_socket(void)
{
    struct scratch scratch = scratch_new();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct reading reading;

    snprintf(address.sun_path, sizeof address.sun_path, "%.90s", scratch_path(&scratch, "socket"));
    CHECK(bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0);
    reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, 10);
    CHECK_INT(reading.result, TRUSTED_FILE_REFUSED);
    close(descriptor);
    scratch_end(&scratch);
}

static void symbolic_link(void)
{
    struct scratch scratch = scratch_new();
    char target[256];

    snprintf(target, sizeof target, "%s", scratch_write(&scratch, "f", "text"));
    CHECK(symlink(target, scratch_path(&scratch, "link")) == 0);
    check_refused(scratch.path, geteuid(), OTHERS_WRITE, 10,
                  " is a symbolic link: name the file itself", NULL);
    scratch_end(&scratch);
}

static void link_above(void)
{
    struct scratch scratch = scratch_new();
    struct reading reading;

    scratch_make_folder(&scratch, "folder");
    scratch_write(&scratch, "folder/f", "text");
    CHECK(symlink("folder", scratch_path(&scratch, "link")) == 0);
    reading = read_file(scratch_path(&scratch, "link/f"), geteuid(), OTHERS_WRITE, 10);
    CHECK_INT(reading.result, TRUSTED_FILE_READ);
    buffer_free(&reading.contents);
    scratch_end(&scratch);
}

static void wrong_owner(void)
{
    struct scratch scratch = scratch_new();
    struct reading reading;

    scratch_write(&scratch, "f", "text");
    if (geteuid() != 0) {
        scratch_end(&scratch);
        tap_skip("needs root");
        return;
    }
    CHECK(chown(scratch.path, 4711, 0) == 0);
    check_refused(scratch.path, 0, OTHERS_WRITE, 10,
                  " is owned by uid 4711, not by root: run chown root ", "");
    check_refused(scratch.path, 4712, OTHERS_WRITE, 10,
                  " is owned by uid 4711, not by root: run chown root ", "");
    reading = read_file(scratch.path, 4711, OTHERS_WRITE, 10);
    CHECK_INT(reading.result, TRUSTED_FILE_READ);
    buffer_free(&reading.contents);
    CHECK(chown(scratch.path, 0, 4711) == 0);
    reading = read_file(scratch.path, 4711, OTHERS_WRITE, 10);
    CHECK_INT(reading.result, TRUSTED_FILE_READ);
    buffer_free(&reading.contents);
    scratch_end(&scratch);
}

static void unreadable(void)
{
    struct scratch scratch = scratch_new();
    struct reading reading;

    chmod(scratch_write(&scratch, "f", "text"), 0000);
    if (geteuid() == 0) {
        CHECK(seteuid(65534) == 0);
        reading = read_file(scratch.path, 0, OTHERS_WRITE, 10);
        CHECK(seteuid(0) == 0);
    } else {
        reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, 10);
    }
    CHECK_INT(reading.result, TRUSTED_FILE_REFUSED);
    CHECK_CONTAINS(reading.error.text, "/f: Permission denied: uid ");
    CHECK_CONTAINS(reading.error.text, " has to be able to read it");
    scratch_end(&scratch);
}

static void modes(void)
{
    static const struct {
        mode_t mode;
        mode_t forbidden;
        const char *advice; /* NULL: read */
    } cases[] = {
        {0644, OTHERS_WRITE, NULL},
        {0640, OTHERS_WRITE, NULL},
        {0664, OTHERS_WRITE, " has mode 0664, which lets others in: run chmod 0644 "},
        {0646, OTHERS_WRITE, " has mode 0646, which lets others in: run chmod 0644 "},
        {0777, OTHERS_WRITE, " has mode 0777, which lets others in: run chmod 0755 "},
        {0640, OTHERS_WRITE | S_IRWXO, NULL},
        {0644, OTHERS_WRITE | S_IRWXO, " has mode 0644, which lets others in: run chmod 0640 "},
    };
    struct scratch scratch = scratch_new();

    scratch_write(&scratch, "f", "text");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(chmod(scratch.path, cases[i].mode) == 0);
        if (cases[i].advice != NULL) {
            check_refused(scratch.path, geteuid(), cases[i].forbidden, 10, cases[i].advice, "");
        } else {
            struct reading reading = read_file(scratch.path, geteuid(), cases[i].forbidden, 10);

            CHECK_INT(reading.result, TRUSTED_FILE_READ);
            buffer_free(&reading.contents);
        }
    }
    scratch_end(&scratch);
}

static void too_large(void)
{
    struct scratch scratch = scratch_new();

    scratch_write(&scratch, "f", "123456");
    check_refused(scratch.path, geteuid(), OTHERS_WRITE, 5, " is larger than 5 bytes", NULL);
    scratch_end(&scratch);
}

/* Files below /proc say that they are empty, as a file that grows while it is read once did. */
static void larger_than_it_said(void)
{
    uid_t owner = 0;

    check_refused("/proc/self/maps", geteuid() == 0 ? owner : geteuid(), 0, 100,
                  " is larger than 100 bytes", NULL);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

static void no_descriptor_is_left(void)
{
    struct scratch scratch = scratch_new();
    int before = open_descriptors();
    struct reading reading;

    scratch_write(&scratch, "f", "text");
    reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, 10);
    buffer_free(&reading.contents);
    reading = read_file(scratch.path, geteuid(), OTHERS_WRITE, 1);
    reading = read_file(scratch.folder, geteuid(), 0, 1);
    CHECK_INT(open_descriptors(), before);
    scratch_end(&scratch);
}

static const struct tap_test tests[] = {
    {"a trusted file is read whole, up to its limit", whole_contents},
    {"the contents are appended", appends},
    {"a file that is not there is told apart", absent},
    {"a FIFO is refused at once, nobody waits for a writer", fifo},
    {"a folder and a device are refused", other_kinds},
    {"a socket is refused", unix_socket},
    {"a symbolic link is refused", symbolic_link},
    {"a symbolic link in the path above is followed", link_above},
    {"root and the given owner may own the file, nobody else", wrong_owner},
    {"a file that cannot be read says who has to be able to", unreadable},
    {"forbidden mode bits are refused with the mode that would do", modes},
    {"a file above the limit is refused", too_large},
    {"a file that turns out larger than it said is refused", larger_than_it_said},
    {"no descriptor is left open", no_descriptor_is_left},
};

TAP_MAIN(tests)
