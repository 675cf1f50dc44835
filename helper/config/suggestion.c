#include "config/suggestion.h"

#include <stdbool.h>
#include <string.h>

#define LONGEST 48 /* bytes; whoever mistypes a longer word finds it alone */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The edit distance, or any number from limit up once it is certain to reach limit. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                            size_t limit)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    memcpy(before, last, sizeof rows[0]);
    for (size_t i = 1; i <= a_length; i++) {
        size_t *reused = before;
        size_t least = i;

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] =
                smaller(smaller(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
            least = smaller(least, row[j]);
        }
        if (least >= limit)
            return limit;
        before = last;
        last = row;
        row = reused;
    }
    return last[b_length];
}

struct suggestion suggestion_for(const char *word)
{
    struct suggestion suggestion = {.word = word};
    size_t length = strlen(word);

    if (length <= LONGEST)
        suggestion.distance = length < 2 ? 1 : 2 + length / 6;
    return suggestion;
}

void suggestion_offer(struct suggestion *suggestion, const char *known)
{
    size_t length = strlen(suggestion->word);
    size_t known_length = strlen(known);
    size_t difference = length > known_length ? length - known_length : known_length - length;
    size_t distance;

    if (known_length > LONGEST || difference >= suggestion->distance)
        return;
    distance = edit_distance(suggestion->word, length, known, known_length, suggestion->distance);
    if (distance < suggestion->distance) {
        suggestion->best = known;
        suggestion->distance = distance;
    }
}
