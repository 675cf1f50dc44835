#include "aws/timestamp.h"

#include <string.h>
#include <time.h>

struct reader {
    const char *next;
    bool failed;
};

/* A number of exactly so many digits. */
static int take_number(struct reader *reader, int digits)
{
    int number = 0;

    for (int i = 0; i < digits && !reader->failed; i++) {
        char c = *reader->next;

        reader->failed = c < '0' || c > '9';
        if (!reader->failed) {
            number = number * 10 + (c - '0');
            reader->next++;
        }
    }
    return number;
}

static void take_text(struct reader *reader, const char *text)
{
    size_t length = strlen(text);

    if (reader->failed || strncmp(reader->next, text, length) != 0)
        reader->failed = true;
    else
        reader->next += length;
}

static bool take_one_of(struct reader *reader, const char *chars, char *taken)
{
    if (reader->failed || *reader->next == '\0' || strchr(chars, *reader->next) == NULL)
        return false;
    *taken = *reader->next++;
    return true;
}

static void take_time(struct reader *reader, struct tm *time)
{
    time->tm_hour = take_number(reader, 2);
    take_text(reader, ":");
    time->tm_min = take_number(reader, 2);
    take_text(reader, ":");
    time->tm_sec = take_number(reader, 2);
}

/* timegm() makes another date of 31 February; then it is none. */
static bool to_seconds(const struct tm *time, int64_t *seconds)
{
    struct tm normal = *time;

    if (time->tm_hour > 23 || time->tm_min > 59 || time->tm_sec > 60)
        return false;
    *seconds = (int64_t)timegm(&normal);
    return time->tm_sec == 60 || (normal.tm_mday == time->tm_mday && normal.tm_mon == time->tm_mon);
}

static void take_fraction(struct reader *reader)
{
    char c;

    if (!take_one_of(reader, ".,", &c))
        return;
    take_number(reader, 1);
    while (take_one_of(reader, "0123456789", &c))
        ;
}

/* Seconds east of Greenwich. */
static int64_t take_zone(struct reader *reader)
{
    char sign = '\0';
    int64_t minutes;

    if (!take_one_of(reader, "+-", &sign)) {
        take_text(reader, "Z");
        return 0;
    }
    minutes = (int64_t)take_number(reader, 2) * 60;
    take_text(reader, ":");
    minutes += take_number(reader, 2);
    return (sign == '-' ? -minutes : minutes) * 60;
}

bool timestamp_read(const char *text, int64_t *seconds)
{
    struct reader reader = {text, false};
    struct tm time = {0};
    int64_t zone;

    time.tm_year = take_number(&reader, 4) - 1900;
    take_text(&reader, "-");
    time.tm_mon = take_number(&reader, 2) - 1;
    take_text(&reader, "-");
    time.tm_mday = take_number(&reader, 2);
    take_text(&reader, "T");
    take_time(&reader, &time);
    take_fraction(&reader);
    zone = take_zone(&reader);
    if (reader.failed || *reader.next != '\0' || !to_seconds(&time, seconds))
        return false;
    *seconds -= zone;
    return true;
}

static int take_month(struct reader *reader)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12 && !reader->failed; i++) {
        if (strncmp(reader->next, months + (size_t)i * 3, 3) == 0) {
            reader->next += 3;
            return i;
        }
    }
    reader->failed = true;
    return 0;
}

bool timestamp_read_http(const char *text, int64_t *seconds)
{
    const char *comma = strchr(text, ',');
    struct reader reader = {comma != NULL ? comma : text, false};
    struct tm time = {0};

    take_text(&reader, ", ");
    time.tm_mday = take_number(&reader, 2);
    take_text(&reader, " ");
    time.tm_mon = take_month(&reader);
    take_text(&reader, " ");
    time.tm_year = take_number(&reader, 4) - 1900;
    take_text(&reader, " ");
    take_time(&reader, &time);
    take_text(&reader, " GMT");
    return !reader.failed && *reader.next == '\0' && to_seconds(&time, seconds);
}
