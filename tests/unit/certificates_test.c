#include "aws/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch_folder.h"
#include "tap.h"

#define HOUR 3600

/* A bundle of two certificates, and a folder with so many hashed names, made so much later. */
struct place {
    struct scratch scratch;
    char bundle[128];
    char folder[128];
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CHECK(file != NULL && fputs(text, file) >= 0);
    if (file != NULL)
        fclose(file);
}

static void set_time(const char *path, time_t time)
{
    const struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};

    CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct place make(size_t hashed, time_t later)
{
    struct place place = {.scratch = scratch_new()};
    char path[192];

    snprintf(place.bundle, sizeof place.bundle, "%s/bundle", place.scratch.folder);
    snprintf(place.folder, sizeof place.folder, "%s/certs", place.scratch.folder);
    write_file(place.bundle, "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n");
    CHECK_INT(mkdir(place.folder, 0700), 0);
    for (size_t i = 0; i < hashed; i++) {
        snprintf(path, sizeof path, "%s/0123456%zx.0", place.folder, i);
        write_file(path, "");
    }
    snprintf(path, sizeof path, "%s/authority.pem", place.folder);
    write_file(path, "");
    set_time(place.bundle, 100 * HOUR);
    set_time(place.folder, 100 * HOUR + later);
    return place;
}

static bool is_hashed(size_t hashed, time_t later)
{
    struct place place = make(hashed, later);
    bool answer = certificates_are_hashed(place.bundle, place.folder);

    scratch_end(&place.scratch);
    return answer;
}

static void a_folder_with_every_certificate_is_complete(void)
{
    CHECK(is_hashed(2, 0));
    CHECK(is_hashed(3, HOUR));
}

static void a_folder_that_lacks_one_is_not(void)
{
    CHECK(!is_hashed(1, HOUR));
    CHECK(!is_hashed(0, HOUR));
}

static void a_bundle_that_was_changed_later_may_have_one_more(void)
{
    CHECK(!is_hashed(2, -1));
    CHECK(!is_hashed(3, -HOUR));
}

static void what_is_not_there_is_not_complete(void)
{
    struct place place = make(2, 0);

    CHECK(!certificates_are_hashed("/nonexistent", place.folder));
    CHECK(!certificates_are_hashed(place.bundle, "/nonexistent"));
    CHECK(!certificates_are_hashed(place.folder, place.folder));
    scratch_end(&place.scratch);
}

static const struct tap_test tests[] = {
    {"a folder with every certificate is complete", a_folder_with_every_certificate_is_complete},
    {"a folder that lacks one is not", a_folder_that_lacks_one_is_not},
    {"a bundle that was changed later may have one more",
     a_bundle_that_was_changed_later_may_have_one_more},
    {"what is not there is not complete", what_is_not_there_is_not_complete},
};

TAP_MAIN(tests)
