/*
 * Durations as administrators write them, in module arguments and in ssmenv.conf alike: a whole
 * number followed by one of ms, s, m or h, for example 250ms, 3s, 5m, 24h. A bare 0 is allowed; any
 * other number needs its unit, since nobody can tell what a bare 5 was meant to be.
 */
#ifndef SSMENV_DURATION_H
#define SSMENV_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DURATION_MAX_MS (UINT64_C(366) * 24 * 3600 * 1000)

struct duration_unit {
    const char *suffix;
    uint64_t milliseconds;
};

/* Reads the length bytes at text. On success stores milliseconds, at most DURATION_MAX_MS. */
static inline bool duration_parse(const char *text, size_t length, uint64_t *milliseconds)
{
    static const struct duration_unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
    uint64_t number = 0;
    size_t digits = 0;

    while (digits < length && text[digits] >= '0' && text[digits] <= '9') {
        number = number * 10 + (uint64_t)(text[digits] - '0');
        if (number > DURATION_MAX_MS)
            return false;
        digits++;
    }
    if (digits == 0)
        return false;
    if (digits == length && number == 0) {
        *milliseconds = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t suffix_length = strlen(units[i].suffix);

        if (length - digits != suffix_length ||
            memcmp(text + digits, units[i].suffix, suffix_length) != 0)
            continue;
        if (number > DURATION_MAX_MS / units[i].milliseconds)
            return false;
        *milliseconds = number * units[i].milliseconds;
        return true;
    }
    return false;
}

#endif
