/*
 * ssmenv-groups: reads one question (common/membership.h) from standard input, asks the system's
 * databases (NSS) for a user's groups, writes one answer to standard output. Started as
 * "ssmenv-groups --parent=PID"; never as root.
 *
 * Whatever modules nsswitch.conf(5) names are loaded here, and only here: away from the values, and
 * with a parent that ends this process when a directory does not answer.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/companion.h"
#include "common/frame.h"
#include "common/membership.h"
#include "common/privilege.h"
#include "config/pattern.h"

#define QUESTION_WAIT_MS 10000 /* whoever started us has its question ready */
#define WRITE_MS         1000
#define FIRST_ROOM       64    /* as many groups as most users will ever have */
#define MOST_ROOM        65536 /* NGROUPS_MAX, what the kernel would take */

struct ids {
    gid_t *ids; /* owned */
    size_t count;
};

/* getgrouplist() says in count how many it has, but some libraries only that it has more. */
static bool list_ids(struct ids *list, const char *user, gid_t primary)
{
    int room = FIRST_ROOM;

    for (;;) {
        int count = room;
        gid_t *ids = reallocarray(list->ids, (size_t)room, sizeof *ids);

        if (ids == NULL)
            return false;
        list->ids = ids;
        if (getgrouplist(user, primary, ids, &count) >= 0) {
            list->count = (size_t)count;
            return true;
        }
        if (room >= MOST_ROOM)
            return false;
        room = count > room && count <= MOST_ROOM ? count : room * 2;
    }
}

static bool has_id(const struct ids *list, gid_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->ids[i] == id)
            return true;
    }
    return false;
}

static bool has_match(const struct ids *list, const char *pattern)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct group *group = getgrgid(list->ids[i]);

        if (group != NULL && pattern_matches(pattern, group->gr_name))
            return true;
    }
    return false;
}

static bool is_member(const struct ids *list, const char *pattern)
{
    const struct group *group;

    if (list->count == 0)
        return false;
    if (!pattern_is_literal(pattern))
        return has_match(list, pattern);
    group = getgrnam(pattern);
    return group != NULL && has_id(list, group->gr_gid);
}

/* A user whom nobody knows is in no group. */
static void judge(const struct question *question, bool *members)
{
    const struct passwd *account = getpwnam(question->user);
    struct ids list = {0};

    if (account != NULL && !list_ids(&list, question->user, account->pw_gid))
        list.count = 0;
    for (size_t i = 0; i < question->count; i++)
        members[i] = is_member(&list, question->patterns[i]);
    free(list.ids);
}

static bool read_question(struct question *question, struct error *error)
{
    struct buffer payload = {.limit = LIMIT_QUESTION_BYTES};
    bool ok = frame_read(STDIN_FILENO, WIRE_QUESTION, LIMIT_QUESTION_BYTES,
                         deadline_in(QUESTION_WAIT_MS), &payload, error) &&
              question_decode(question, &payload, error);

    buffer_free(&payload);
    return ok;
}

static bool run(pid_t parent, struct error *error)
{
    struct question question;
    struct buffer frame = BUFFER_INIT;
    bool *members;
    bool ok;

    if (!privilege_drop(0, 0, parent, error) || !read_question(&question, error))
        return false;
    members = calloc(question.count + 1, sizeof *members);
    if (members != NULL) {
        judge(&question, members);
        membership_encode(members, question.count, &frame);
    }
    ok = members != NULL && !buffer_failed(&frame)
             ? frame_write(STDOUT_FILENO, frame.data, frame.length, deadline_in(WRITE_MS), error)
             : error_set(error, "out of memory");
    buffer_free(&frame);
    free(members);
    question_free(&question);
    return ok;
}

int main(int argc, char **argv)
{
    pid_t parent = companion_parent(argc, argv);
    struct error error = ERROR_INIT;

    if (parent == 0)
        error_set(&error, "usage: ssmenv-groups --parent=PID, with a question on standard input");
    else if (run(parent, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "ssmenv-groups: %s\n", error.text);
    return EXIT_FAILURE;
}
