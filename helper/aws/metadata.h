/*
 * The instance metadata service of EC2, version 2 only
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html):
 * a token is asked for with PUT, and every question carries it. A question that is refused with 401
 * is asked once more with a fresh token. Version 1, which would answer without a token, is never
 * spoken.
 *
 * It lies on the instance itself: what it does not answer within a second it will not answer. Since
 * its answers carry a small hop count, a container that is one hop too far away can connect but
 * never gets one; the error says so.
 */
#ifndef SSMENV_AWS_METADATA_H
#define SSMENV_AWS_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/http.h"
#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/exchange.h"

#define METADATA_ANSWERS_MAX 4 /* region, instance id, the role and its credentials */

struct metadata_found {
    char *path;
    char *text;
};

struct metadata_service {
    const struct identity *settings; /* borrowed */
    char *url;                       /* without a slash at its end */
    uint16_t port;
    bool disabled;
    struct buffer token;  /* empty until the first question */
    int64_t date;         /* its own time when it answered last, or 0 */
    struct error silence; /* why it cannot be asked: there is no second try within a request */
    struct metadata_found found[METADATA_ANSWERS_MAX];
    size_t found_count;
};

enum metadata_answer {
    METADATA_FOUND,
    METADATA_ABSENT, /* it says that there is no such thing */
    METADATA_SILENT, /* the error says why */
};

/* settings are the keys of [aws]: ec2_metadata_disabled, ec2_metadata_service_endpoint and
 * ec2_metadata_service_endpoint_mode. */
bool metadata_open(struct metadata_service *service, const struct identity *settings,
                   struct error *error);
void metadata_free(struct metadata_service *service);

/* Takes over what another one has learnt that asks at the same address: token, answers and silence.
 */
void metadata_share(struct metadata_service *service, const struct metadata_service *other);
/* Forgets the answers, so that they are asked for once more. */
void metadata_forget(struct metadata_service *service);

/* Appends what is at path, which begins with '/' (/latest/meta-data/placement/region). */
enum metadata_answer metadata_ask(struct metadata_service *service, struct http *http,
                                  const char *path, struct deadline deadline, struct buffer *text,
                                  struct error *error);

/* The id of the instance, likewise. */
char *metadata_instance_id(struct metadata_service *service, struct http *http,
                           struct deadline deadline, struct error *error);

/* The region that the instance is in, a heap text, or NULL with an error. */
char *metadata_region(struct metadata_service *service, struct http *http, struct deadline deadline,
                      struct error *error);

#endif
