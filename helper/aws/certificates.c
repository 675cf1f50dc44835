#include "aws/certificates.h"

#include <curl/curl.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/trusted_file.h"

#define BUNDLE_MAX ((size_t)4 * 1024 * 1024)

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

static size_t count_certificates(const char *path)
{
    static const char begin[] = "-----BEGIN ";
    struct buffer contents = BUFFER_INIT;
    struct error error = ERROR_INIT;
    const char *at;
    size_t count = 0;

    trusted_file_read(path, 0, 0022, BUNDLE_MAX, &contents, &error);
    at = buffer_text(&contents);
    while ((at = strstr(at, begin)) != NULL) {
        count++;
        at += sizeof begin - 1;
    }
    buffer_free(&contents);
    return count;
}

void certificates_find(struct certificates *certificates)
{
    size_t wanted;

    *certificates = (struct certificates){0};
    ask_libcurl(certificates);
    if (certificates->bundle[0] == '\0' || certificates->folder[0] == '\0')
        return;
    wanted = count_certificates(certificates->bundle);
    certificates->folder_is_complete = wanted > 0 && count_hashed(certificates->folder) >= wanted;
}
