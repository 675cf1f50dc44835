#include "aws/endpoint.h"

#include <stdlib.h>
#include <string.h>

static const char *find_setting(const struct identity *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->settings[i].key, key) == 0)
            return settings->settings[i].value;
    }
    return NULL;
}

static char *make_url(const char *service, const char *region)
{
    struct buffer url = BUFFER_INIT;
    char *copy;

    buffer_append_format(&url, "https://%s.%s.amazonaws.com/", service, region);
    copy = text_copy(buffer_text(&url));
    buffer_free(&url);
    return copy;
}

bool endpoint_find(struct endpoint *endpoint, const struct identity *settings, const char *service,
                   const char *region, struct error *error)
{
    const char *configured = find_setting(settings, "endpoint_url");
    const char *host;
    const char *port;

    *endpoint = (struct endpoint){.partition = "aws", .path = text_copy("/")};
    endpoint->url = configured != NULL ? text_copy(configured) : make_url(service, region);
    host = endpoint->url != NULL ? strstr(endpoint->url, "://") : NULL;
    if (host == NULL)
        return error_set(error, "endpoint_url is no URL");
    endpoint->host = text_copy_bytes(host + 3, strcspn(host + 3, "/"));
    port = endpoint->host != NULL ? strrchr(endpoint->host, ':') : NULL;
    endpoint->port = port != NULL ? (uint16_t)strtoul(port + 1, NULL, 10) : 443;
    return true;
}

void endpoint_free(struct endpoint *endpoint)
{
    text_free(endpoint->url);
    text_free(endpoint->host);
    text_free(endpoint->path);
    *endpoint = (struct endpoint){0};
}
