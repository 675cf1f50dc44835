/*
 * What a host has learnt about one of its identities and need not ask again for a while: temporary
 * credentials, and the region and id of the EC2 instance that it runs on.
 *
 * The fetcher makes one, the helper keeps it and brings it along with the next request. Neither
 * believes the other: keepsake_take() checks everything that can be checked without asking anybody.
 * Keys of a user, which do not expire, are never in it.
 *
 * How long it lasts is a number of seconds from now, not a time of day: it is as right on a machine
 * whose clock is wrong.
 */
#ifndef SSMENV_COMMON_KEEPSAKE_H
#define SSMENV_COMMON_KEEPSAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "ssmenv/wire.h"

/* AWS has new credentials for an instance five minutes before the old ones end
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html),
 * and its SDKs renew theirs at that point at the latest. So what has less life is not kept. */
#define KEEPSAKE_LIFE_MIN_S 300
/* The longest session of a role. */
#define KEEPSAKE_LIFE_MAX_S 43200

#define KEEPSAKE_KEY_BYTES    512
#define KEEPSAKE_TOKEN_BYTES  (16 * 1024)
#define KEEPSAKE_ORIGIN_BYTES 64

struct keepsake {
    uint32_t life;       /* in seconds from now; 0: there is nothing */
    char *origin;        /* what tells the sources apart that the fetcher would ask; opaque here */
    char *access_key_id; /* NULL: no credentials */
    char *secret_access_key;
    char *session_token; /* or NULL */
    char *region;        /* NULL: not asked for; as instance_id */
    char *instance_id;
};

/* Whether it can be kept at all: it lasts long enough and every text is one that keepsake_take()
 * takes. */
bool keepsake_is_legal(const struct keepsake *keepsake);

/* Appends it; one that is not legal as an empty one. */
void keepsake_put(const struct keepsake *keepsake, struct buffer *bytes);
/* False when it is damaged, or memory ends. Free *keepsake in any case. */
bool keepsake_take(struct keepsake *keepsake, struct wire_reader *reader);

bool keepsake_copy(struct keepsake *to, const struct keepsake *from);
void keepsake_free(struct keepsake *keepsake);

#endif
