#include "config/pattern.h"

#include <string.h>

/* On a mismatch only the last * has to give way by one byte, so the time is at most the product of
 * the lengths. */
bool pattern_matches(const char *pattern, const char *text)
{
    const char *after_star = NULL;
    const char *retry = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (after_star != NULL) {
            pattern = after_star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool pattern_is_literal(const char *pattern)
{
    return strpbrk(pattern, "*?") == NULL;
}

const struct pattern *pattern_list_decide(const struct pattern_list *list, const char *text,
                                          bool *matches)
{
    const struct pattern *decided = NULL;
    bool only_vetoes = true;

    for (size_t i = 0; i < list->count; i++) {
        const struct pattern *pattern = &list->patterns[i];

        only_vetoes = only_vetoes && pattern->veto;
        if (!pattern_matches(pattern->text, text))
            continue;
        if (pattern->veto) {
            *matches = false;
            return pattern;
        }
        if (decided == NULL)
            decided = pattern;
    }
    *matches = decided != NULL || only_vetoes;
    return decided;
}

bool pattern_list_matches(const struct pattern_list *list, const char *text)
{
    bool matches;

    pattern_list_decide(list, text, &matches);
    return matches;
}
