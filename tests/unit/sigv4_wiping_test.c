/*
 * Reads this process's own memory after signing and looks for the secret key and for the keys that
 * were derived from it. They are kept here under a mask, so that what is looked for is not found in
 * this program itself.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/sigv4.h"
#include "tap.h"

#define MASK         0x5a
#define SECRET_BYTES 40
#define KEY_BYTES    32
#define CHUNK        ((size_t)1024 * 1024)
#define REGION_MAX   ((size_t)64 * 1024 * 1024) /* larger ones are the sanitizer's shadow */

static const unsigned char masked_secret[SECRET_BYTES] = {
    0x2d, 0x10, 0x3b, 0x36, 0x28, 0x02, 0x0f, 0x2e, 0x34, 0x1c, 0x1f, 0x17, 0x13, 0x75,
    0x11, 0x6d, 0x17, 0x1e, 0x1f, 0x14, 0x1d, 0x71, 0x38, 0x0a, 0x22, 0x08, 0x3c, 0x33,
    0x19, 0x03, 0x1f, 0x02, 0x1b, 0x17, 0x0a, 0x16, 0x1f, 0x11, 0x1f, 0x03};

/* Of 20150830, us-east-1, ssm, aws4_request: each is derived from the one before. */
static const unsigned char masked_keys[][KEY_BYTES] = {
    {0x5b, 0x62, 0x9d, 0xfc, 0x91, 0x8c, 0x50, 0xfd, 0x7d, 0xe8, 0xac,
     0x09, 0xff, 0x78, 0x0c, 0x2e, 0x63, 0x85, 0xe3, 0xa9, 0xbd, 0x71,
     0x7b, 0xa3, 0xe8, 0x03, 0x1b, 0xfe, 0x75, 0x5e, 0xfd, 0x97},
    {0xa9, 0x67, 0x02, 0x52, 0x0a, 0x11, 0xa9, 0x12, 0x48, 0xbf, 0xa0,
     0x84, 0x39, 0x6a, 0xd1, 0x18, 0x11, 0x7e, 0x16, 0x03, 0x42, 0xc1,
     0xb8, 0xff, 0xcb, 0x87, 0x78, 0xd8, 0x9d, 0x91, 0x0c, 0x65},
    {0x1b, 0x97, 0x71, 0xc1, 0xaa, 0xb3, 0xef, 0x4c, 0x59, 0x98, 0x5a,
     0x25, 0x41, 0xde, 0x16, 0x3b, 0x29, 0x80, 0xc0, 0xe3, 0x90, 0x7f,
     0x32, 0x2b, 0xf1, 0x50, 0xb3, 0x30, 0xa4, 0x2c, 0x9f, 0x5b},
    {0x41, 0x5b, 0x10, 0x08, 0xb8, 0x9e, 0x32, 0x77, 0xe1, 0x15, 0xc6,
     0x5f, 0x25, 0x2d, 0x84, 0x4d, 0x0f, 0x2c, 0xe0, 0xb9, 0xd2, 0x79,
     0xd1, 0xb6, 0xde, 0xfc, 0x6f, 0xce, 0xfb, 0x9c, 0x69, 0x02},
};

struct scan {
    int memory;           /* /proc/self/mem */
    unsigned char *chunk; /* a mapping of its own, which is left out */
};

static int count_in(const unsigned char *bytes, size_t length, const unsigned char *masked,
                    size_t size)
{
    int found = 0;

    for (size_t i = 0; i + size <= length; i++) {
        size_t same = 0;

        while (same < size && (bytes[i + same] ^ MASK) == masked[same])
            same++;
        found += same == size ? 1 : 0;
    }
    return found;
}

/* Chunks overlap, so that nothing is missed where two of them meet. */
static int count_in_region(const struct scan *scan, size_t start, size_t end,
                           const unsigned char *masked, size_t size)
{
    int found = 0;

    for (size_t at = start; at < end; at += CHUNK - SECRET_BYTES) {
        size_t length = end - at < CHUNK ? end - at : CHUNK;
        ssize_t count = pread(scan->memory, scan->chunk, length, (off_t)at);

        if (count > 0)
            found += count_in(scan->chunk, (size_t)count, masked, size);
    }
    return found;
}

static int count_copies(const unsigned char *masked, size_t size)
{
    struct scan scan = {
        open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
        mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int found = 0;

    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        size_t start;
        size_t end;
        char access[5];

        if (sscanf(line, "%zx-%zx %4s", &start, &end, access) == 3 && access[0] == 'r' &&
            access[1] == 'w' && end - start <= REGION_MAX &&
            (size_t)scan.chunk - start >= end - start)
            found += count_in_region(&scan, start, end, masked, size);
    }
    if (maps != NULL)
        fclose(maps);
    munmap(scan.chunk, CHUNK);
    close(scan.memory);
    return found;
}

static char *unmask_secret(void)
{
    char *secret = malloc(SECRET_BYTES + 1);

    for (size_t i = 0; i < SECRET_BYTES; i++)
        secret[i] = (char)(masked_secret[i] ^ MASK);
    secret[SECRET_BYTES] = '\0';
    return secret;
}

static void the_scan_finds_what_is_there(void)
{
    char *secret = unmask_secret();

    CHECK_INT(count_copies(masked_secret, SECRET_BYTES), 1);
    text_free(secret);
    CHECK_INT(count_copies(masked_secret, SECRET_BYTES), 0);
}

static void neither_secret_nor_derived_keys_stay_in_memory(void)
{
    const struct sigv4_header headers[] = {{"Host", "ssm.us-east-1.amazonaws.com"}};
    const struct sigv4_request request = {
        .method = "GET", .path = "/", .query = "", .headers = headers, .header_count = 1};
    const struct sigv4_scope scope = {"us-east-1", "ssm", 1440938160};
    char key_id[] = "AKIDEXAMPLE";
    struct credentials credentials = {.access_key_id = key_id,
                                      .secret_access_key = unmask_secret()};
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    CHECK(sigv4_sign(&request, &credentials, &scope, &signature, &error));
    sigv4_signature_free(&signature);
    CHECK(sigv4_presign(&request, &credentials, &scope, 60, &query, &signature, &error));
    sigv4_signature_free(&signature);
    buffer_free(&query);
    text_free(credentials.secret_access_key);

    CHECK_INT(count_copies(masked_secret, SECRET_BYTES), 0);
    for (size_t i = 0; i < sizeof masked_keys / sizeof *masked_keys; i++)
        CHECK_INT(count_copies(masked_keys[i], KEY_BYTES), 0);
}

static const struct tap_test tests[] = {
    {"the scan finds a key that is there, and none when it is wiped", the_scan_finds_what_is_there},
    {"neither the secret nor a derived key stays in memory",
     neither_secret_nor_derived_keys_stay_in_memory},
};

TAP_MAIN(tests)
