/* ssmenv status: what the cache holds and how old it is; never a value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cli/become.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/inventory.h"
#include "cli/json_text.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "login_sets.h"
#include "paths.h"

#define SECOND_MS   UINT64_C(1000)
#define TIME_LENGTH 48

struct settings {
    const char *config;
    bool json;
};

/* One moment, so that all times of a report fit together. */
struct view {
    const struct cache_policy *policy;
    uint64_t now;
};

static const char *const attempt_names[] = {
    [ATTEMPT_NONE] = "none",
    [ATTEMPT_RUNNING] = "running",
    [ATTEMPT_FAILED] = "failed",
    [ATTEMPT_SUCCEEDED] = "succeeded",
};
static const char *const state_names[] = {
    [ANSWER_FOUND] = "found",
    [ANSWER_MISSING] = "missing",
    [ANSWER_DENIED] = "denied",
    [ANSWER_FAILED] = "failed",
};

/* --- what there is to say about a set --- */

static const char *identity_name(const struct known_set *set)
{
    return set->section_count > 0 ? set->sections[0]->identity_name : NULL;
}

static uint64_t age_ms(const struct view *view, const struct known_set *set)
{
    return view->now - set->store.fetched_at;
}

static uint64_t until_fetch_ms(const struct view *view, const struct known_set *set)
{
    uint64_t until = set->stored ? freshness_until(&set->store, view->policy) : 0;

    return until > view->now ? until - view->now : 0;
}

/* What AWS said about this lookup; NULL: nothing is known. */
static const struct answer *verdict_on(const struct known_set *set, size_t lookup)
{
    return lookup < set->store.values.answer_count ? &set->store.values.answers[lookup] : NULL;
}

/* --- for people --- */

static void format_time(uint64_t milliseconds, char text[TIME_LENGTH])
{
    static const struct {
        uint64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    uint64_t seconds = milliseconds / SECOND_MS;
    size_t i = 0;

    while (i < 3 && seconds < units[i].seconds)
        i++;
    if (i == 3)
        snprintf(text, TIME_LENGTH, "%llus", (unsigned long long)seconds);
    else
        snprintf(text, TIME_LENGTH, "%llu%c %llu%c",
                 (unsigned long long)(seconds / units[i].seconds), units[i].unit,
                 (unsigned long long)(seconds % units[i].seconds / units[i + 1].seconds),
                 units[i + 1].unit);
}

static void print_remark(enum paint look, const char *text)
{
    fputs("    ", stdout);
    paint(stdout, look, text);
    fputc('\n', stdout);
}

static void print_remarks(const struct view *view, const struct known_set *set)
{
    if (set->section_count == 0)
        print_remark(PAINT_FAINT, "The next refresh forgets it.");
    if (!set->stored)
        return;
    if (set->store.attempt == ATTEMPT_RUNNING)
        print_remark(PAINT_FAINT, "A fetch has begun.");
    if (set->store.attempt == ATTEMPT_FAILED)
        print_remark(PAINT_BAD, set->store.reason);
    if (until_fetch_ms(view, set) == 0 && set->store.fetched_at != 0 &&
        !freshness_is_usable(&set->store, view->policy, view->now))
        print_remark(PAINT_WARNING, "Too old to be used while AWS is away.");
    for (size_t i = 0; i < set->parts.count; i++) {
        const struct answer *verdict = verdict_on(set, i);

        if (verdict != NULL && verdict->state != ANSWER_FOUND)
            print_remark(PAINT_WARNING, verdict->error);
    }
}

static void print_set(const struct view *view, const struct known_set *set)
{
    struct buffer name = BUFFER_INIT;
    char age[TIME_LENGTH] = "-";
    char next[TIME_LENGTH] = "next login";

    known_set_describe(set, &name);
    if (set->stored && set->store.fetched_at != 0)
        format_time(age_ms(view, set), age);
    if (until_fetch_ms(view, set) > 0)
        format_time(until_fetch_ms(view, set), next);
    printf("%-9s  %-10s  %-10s  %s\n", age, next,
           identity_name(set) != NULL ? identity_name(set) : "-", buffer_text(&name));
    print_remarks(view, set);
    buffer_free(&name);
}

static void print_table(const struct view *view, const struct inventory *inventory)
{
    if (inventory->count == 0) {
        puts("Nothing that would have to be fetched is configured.");
        return;
    }
    paint(stdout, PAINT_STRONG, "AGE        FETCH IN    [aws NAME]  SECTION");
    putchar('\n');
    for (size_t i = 0; i < inventory->count; i++)
        print_set(view, &inventory->items[i]);
}

/* --- for programs --- */

static void put_seconds(struct buffer *json, const char *name, bool known, uint64_t milliseconds)
{
    if (known)
        buffer_append_format(json, ", \"%s\": %llu", name,
                             (unsigned long long)(milliseconds / SECOND_MS));
    else
        buffer_append_format(json, ", \"%s\": null", name);
}

static void put_text(struct buffer *json, const char *name, const char *text)
{
    buffer_append_format(json, ", \"%s\": ", name);
    json_put_text(json, text);
}

static void put_sections(struct buffer *json, const struct known_set *set)
{
    buffer_append_text(json, "\"sections\": [");
    for (size_t i = 0; i < set->section_count; i++) {
        buffer_append_text(json, i > 0 ? ", {\"file\": " : "{\"file\": ");
        json_put_text(json, set->sections[i]->position.file);
        buffer_append_format(json, ", \"line\": %u}", set->sections[i]->position.line);
    }
    buffer_append_char(json, ']');
}

static void put_lookups(struct buffer *json, const struct known_set *set)
{
    buffer_append_text(json, ", \"parameters\": [");
    for (size_t i = 0; i < set->parts.count; i++) {
        const struct answer *verdict = verdict_on(set, i);

        buffer_append_text(json, i > 0 ? ", {\"name\": " : "{\"name\": ");
        json_put_text(json, set->parts.lookups[i].name);
        put_text(json, "member", set->parts.lookups[i].member);
        put_text(json, "state", verdict != NULL ? state_names[verdict->state] : NULL);
        buffer_append_char(json, '}');
    }
    buffer_append_char(json, ']');
}

static void put_set(struct buffer *json, const struct view *view, const struct known_set *set)
{
    const struct store *store = &set->store;
    bool failed = store->attempt == ATTEMPT_FAILED;

    buffer_append_char(json, '{');
    put_sections(json, set);
    put_text(json, "identity", identity_name(set));
    put_text(json, "user", *set->user != '\0' ? set->user : NULL);
    put_seconds(json, "age_seconds", store->fetched_at != 0, age_ms(view, set));
    put_seconds(json, "fetch_in_seconds", true, until_fetch_ms(view, set));
    put_seconds(json, "unused_seconds", set->stored, set->unused_ms);
    buffer_append_format(json, ", \"usable_while_away\": %s",
                         freshness_is_usable(store, view->policy, view->now) ? "true" : "false");
    put_text(json, "last_attempt", attempt_names[store->attempt]);
    put_text(json, "last_error", failed ? store->reason : NULL);
    put_lookups(json, set);
    buffer_append_char(json, '}');
}

static void print_json(const struct view *view, const struct inventory *inventory)
{
    struct buffer json = BUFFER_INIT;

    for (size_t i = 0; i < inventory->count; i++) {
        buffer_append_text(&json, i > 0 ? ",\n " : "[");
        put_set(&json, view, &inventory->items[i]);
    }
    buffer_append_text(&json, inventory->count > 0 ? "]" : "[]");
    puts(buffer_text(&json));
    buffer_free(&json);
}

/* --- the command --- */

static int show(const struct command *command, const struct settings *settings,
                const struct config *config, uid_t owner)
{
    struct cache_policy policy = login_policy(config);
    struct inventory inventory = INVENTORY_INIT;
    struct error error;
    struct cache cache;
    bool ok;

    cache_open(&cache, PATH_RUNDIR, &policy);
    error = cache.problem;
    ok = cache.folder >= 0 && inventory_take(&inventory, config, cache.folder, owner, &error);
    if (ok) {
        struct view view = {.policy = &cache.policy, .now = cache_now()};

        (settings->json ? print_json : print_table)(&view, &inventory);
    } else {
        complain(command, "%s", error.text);
    }
    inventory_free(&inventory);
    cache_close(&cache);
    return ok && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {.config = PATH_CONFIG};
    struct config config = CONFIG_INIT;
    struct operands operands;
    struct error error = ERROR_INIT;
    uid_t owner;
    int code;

    if (!options_parse(command, argc, argv, &settings, &operands, &code))
        return code;
    if (!become_helper_user(&owner, &error)) {
        complain(command, "%s", error.text);
        return EXIT_FAILED;
    }
    code = configuration_load(command, &config, settings.config, owner)
               ? show(command, &settings, &config, owner)
               : EXIT_FAILED;
    config_free(&config);
    return code;
}

static const struct option options[] = {
    {"--json", NULL, "for programs: one object for each set", offsetof(struct settings, json)},
    OPTION_CONFIG(struct settings),
};

const struct command command_status = {
    .name = "status",
    .summary = "show what was fetched, how old it is and what went wrong",
    .text = "For each set of values: its age, when a login will fetch it again, under which\n"
            "[aws NAME], and the section that asks for it. Below, what AWS said last, if that was\n"
            "not just the values. Never a value.\n",
    .examples = "  ssmenv status\n"
                "  ssmenv status --json | jq '.[] | select(.last_error)'\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
