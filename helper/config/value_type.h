/*
 * The types of the values in [aws] and [cache], as far as they can be checked without AWS.
 */
#ifndef SSMENV_CONFIG_VALUE_TYPE_H
#define SSMENV_CONFIG_VALUE_TYPE_H

#include <stdbool.h>

struct value_type {
    bool (*accepts)(const char *value);
    const char *expected; /* completes "KEY: expected …"; the value itself is never shown */
};

extern const struct value_type type_region;
extern const struct value_type type_profile;
extern const struct value_type type_path;
extern const struct value_type type_role_arn;
extern const struct value_type type_external_id;
extern const struct value_type type_session_name;
extern const struct value_type type_endpoint_url;
extern const struct value_type type_metadata_url;
extern const struct value_type type_container_url;
extern const struct value_type type_address_family;
extern const struct value_type type_boolean;
extern const struct value_type type_attempts;
extern const struct value_type type_duration;
extern const struct value_type type_on_denied;

#endif
