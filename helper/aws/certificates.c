#include "aws/certificates.h"

#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy_path(char path[PATH_MAX], const char *source)
{
    if (source != NULL && strlen(source) < PATH_MAX)
        strcpy(path, source);
}

/* libcurl says what it was built with since 7.84; before, only "its default" can be said. */
static void ask_libcurl(struct certificates *certificates)
{
#if LIBCURL_VERSION_NUM >= 0x075400
    CURL *easy = curl_easy_init();
    char *path = NULL;

    if (easy == NULL)
        return;
    if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &path) == CURLE_OK)
        copy_path(certificates->bundle, path);
    if (curl_easy_getinfo(easy, CURLINFO_CAPATH, &path) == CURLE_OK)
        copy_path(certificates->folder, path);
    curl_easy_cleanup(easy);
#else
    (void)certificates;
    (void)copy_path;
#endif
}

/* 1234abcd.0 */
static bool is_hashed(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
           strspn(name + 9, "0123456789") > 0;
}

static size_t count_hashed(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL)
        count += is_hashed(entry->d_name) ? 1 : 0;
    closedir(folder);
    return count;
}

static size_t count_marks(const char *bytes, size_t length)
{
    static const char mark[] = "-----BEGIN ";
    const char *end = bytes + length;
    size_t count = 0;

    while ((bytes = memmem(bytes, (size_t)(end - bytes), mark, sizeof mark - 1)) != NULL) {
        count++;
        bytes += sizeof mark - 1;
    }
    return count;
}

static size_t count_certificates(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    void *bytes = MAP_FAILED;
    size_t count = 0;

    if (descriptor < 0)
        return 0;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes != MAP_FAILED) {
        count = count_marks(bytes, (size_t)status.st_size);
        munmap(bytes, (size_t)status.st_size);
    }
    close(descriptor);
    return count;
}

static bool is_newer(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

bool certificates_are_hashed(const char *bundle, const char *folder)
{
    struct stat file;
    struct stat links;
    size_t wanted;

    if (stat(bundle, &file) != 0 || stat(folder, &links) != 0 ||
        is_newer(file.st_mtim, links.st_mtim))
        return false;
    wanted = count_certificates(bundle);
    return wanted > 0 && count_hashed(folder) >= wanted;
}

void certificates_find(struct certificates *certificates)
{
    *certificates = (struct certificates){0};
    ask_libcurl(certificates);
    certificates->folder_is_complete =
        certificates->bundle[0] != '\0' && certificates->folder[0] != '\0' &&
        certificates_are_hashed(certificates->bundle, certificates->folder);
}
