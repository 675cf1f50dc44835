/*
 * sshd's own settings that decide whether its sessions pass PAM, and whether it writes their
 * variables to the log. sshd itself is asked for what holds for all connections (sshd -T); where it
 * cannot be, and for what Match sections say, sshd_config(5) is read here.
 */
#include "cli/check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/program.h"

#define SSHD        "/usr/sbin/sshd"
#define SSHD_CONFIG "/etc/ssh/sshd_config"
#define SSHD_FOLDER "/etc/ssh/"
#define LEVELS_MAX  16   /* of files within files, as in sshd */
#define FILES_MAX   1024 /* that include each other grow fast */
#define FILE_LIMIT  ((size_t)1024 * 1024)
#define WORDS_MAX   64
#define PATIENCE_MS 5000

/* What a keyword is set to for all connections: the first value counts. */
struct keyword {
    const char *name;
    char value[64];
    char file[LIMIT_PATH_BYTES];
    unsigned line; /* 0: nowhere */
};

/* A file of sshd's, read down to rest, or not begun. */
struct waiting {
    char *path;
    unsigned level; /* of files within files */
    bool conditional;
    bool loaded;
    struct buffer text;
    char *rest;
    unsigned number; /* of the line before rest */
};

struct sshd {
    struct checking *checking;
    struct keyword use_pam;
    struct keyword log_level;
    struct waiting *waiting; /* the last one is being read */
    size_t count;
    size_t seen; /* files, until now */
};

static void leak(struct sshd *sshd, struct position place, const char *what)
{
    findings_add(&sshd->checking->findings, FINDING_ERROR, place,
                 "%s makes sshd write the variables of sessions, values included, to the log: "
                 "write DEBUG2 at most",
                 what);
}

/* --- reading sshd_config --- */

/* The words of a line, quotes taken off. The first may end in a = with nothing between. */
static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;

    while (count < WORDS_MAX) {
        const char *ends = count == 0 ? " \t\r\n\f=" : " \t\r\n\f";

        line += strspn(line, count == 1 ? " \t\r\n\f=" : " \t\r\n\f");
        if (*line == '\0' || *line == '#')
            break;
        if (*line == '"') {
            words[count++] = ++line;
            line += strcspn(line, "\"");
        } else {
            words[count++] = line;
            line += strcspn(line, ends);
        }
        if (*line != '\0')
            *line++ = '\0';
    }
    return count;
}

static void keep_first(struct keyword *keyword, char *words[], size_t count, struct position place)
{
    if (keyword->line != 0 || strcasecmp(keyword->name, words[0]) != 0)
        return;
    snprintf(keyword->value, sizeof keyword->value, "%s", count > 1 ? words[1] : "");
    snprintf(keyword->file, sizeof keyword->file, "%s", place.file);
    keyword->line = place.line;
}

/* Puts a file on top of those that wait to be read. */
static void push(struct sshd *sshd, const char *path, unsigned level, bool conditional)
{
    struct waiting *grown;
    char *copy;

    if (level == LEVELS_MAX || sshd->seen == FILES_MAX)
        return;
    sshd->seen++;
    copy = text_copy(path);
    grown = reallocarray(sshd->waiting, sshd->count + 1, sizeof *grown);
    if (grown != NULL)
        sshd->waiting = grown;
    if (grown == NULL || copy == NULL) {
        sshd->checking->findings.failed = true;
        text_free(copy);
        return;
    }
    grown[sshd->count++] =
        (struct waiting){.path = copy, .level = level, .conditional = conditional};
}

/* Include takes patterns, relative ones below /etc/ssh; files in the order of their names. */
static void include(struct sshd *sshd, const char *pattern, unsigned level, bool conditional)
{
    char whole[LIMIT_PATH_BYTES];
    glob_t found = {0};

    snprintf(whole, sizeof whole, "%s%s", pattern[0] == '/' ? "" : SSHD_FOLDER, pattern);
    if (glob(whole, 0, NULL, &found) == 0) {
        for (size_t i = found.gl_pathc; i-- > 0;)
            push(sshd, found.gl_pathv[i], level, conditional);
    }
    globfree(&found);
}

static void read_setting(struct sshd *sshd, char *words[], size_t count, struct position place,
                         bool conditional)
{
    if (strcasecmp(words[0], "LogVerbose") == 0 && count > 1 && strcasecmp(words[1], "none") != 0)
        findings_add(&sshd->checking->findings, FINDING_WARNING, place,
                     "LogVerbose can make sshd write the variables of sessions, values included, "
                     "to the log: remove it when you have found what you look for");
    if (conditional && count > 1 && strcasecmp(words[0], "LogLevel") == 0 &&
        strcasecmp(words[1], "DEBUG3") == 0)
        leak(sshd, place, "LogLevel DEBUG3 in a Match section");
    if (conditional)
        return;
    keep_first(&sshd->use_pam, words, count, place);
    keep_first(&sshd->log_level, words, count, place);
}

/* A Match section ends with its file. What is included is read first: it lies on top then. */
static void read_line(struct sshd *sshd, struct waiting *file, char *line)
{
    char *words[WORDS_MAX];
    size_t count = split(line, words);
    unsigned level = file->level + 1;
    bool conditional = file->conditional;

    if (count == 0)
        return;
    if (strcasecmp(words[0], "Match") == 0) {
        file->conditional = !(count == 2 && strcasecmp(words[1], "all") == 0);
        return;
    }
    if (strcasecmp(words[0], "Include") != 0) {
        read_setting(sshd, words, count, in_line(file->path, file->number), conditional);
        return;
    }
    for (size_t i = count; i-- > 1;)
        include(sshd, words[i], level, conditional);
}

static void load(struct sshd *sshd, struct waiting *file)
{
    int descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t count = -1;
    char *room;

    file->text = (struct buffer){.limit = FILE_LIMIT};
    while (descriptor >= 0 && (room = buffer_reserve(&file->text, 4096)) != NULL &&
           (count = read(descriptor, room, 4096)) > 0)
        buffer_grow(&file->text, (size_t)count);
    if (count < 0)
        check_unseen(sshd->checking, file->path, errno);
    file->loaded = true;
    file->rest = file->text.length > 0 ? file->text.data : NULL;
    if (descriptor >= 0)
        close(descriptor);
}

static void read_files(struct sshd *sshd)
{
    push(sshd, SSHD_CONFIG, 0, false);
    while (sshd->count > 0) {
        struct waiting *file = &sshd->waiting[sshd->count - 1];
        char *line;

        if (!file->loaded)
            load(sshd, file);
        line = strsep(&file->rest, "\n");
        file->number++;
        if (line != NULL) {
            read_line(sshd, file, line);
            continue;
        }
        buffer_free(&file->text);
        text_free(file->path);
        sshd->count--;
    }
    free(sshd->waiting);
    sshd->waiting = NULL;
}

/* --- asking sshd --- */

/* What sshd says is what holds; where it is written was found before. */
static void take_answer(struct keyword *keyword, char *words[], size_t count)
{
    if (count == 2 && strcasecmp(keyword->name, words[0]) == 0)
        snprintf(keyword->value, sizeof keyword->value, "%s", words[1]);
}

static void take_answers(struct sshd *sshd, char *text)
{
    char *words[WORDS_MAX];
    char *line;

    while ((line = strsep(&text, "\n")) != NULL) {
        size_t count = split(line, words);

        take_answer(&sshd->use_pam, words, count);
        take_answer(&sshd->log_level, words, count);
    }
}

static bool read_answer(int descriptor, struct buffer *text)
{
    struct deadline deadline = deadline_in(PATIENCE_MS);

    for (;;) {
        struct pollfd pipe = {.fd = descriptor, .events = POLLIN};
        char *room = buffer_reserve(text, 4096);
        ssize_t count;

        if (room == NULL || poll(&pipe, 1, deadline_left(deadline)) <= 0)
            return false;
        count = read(descriptor, room, 4096);
        if (count <= 0)
            return count == 0;
        buffer_grow(text, (size_t)count);
    }
}

static void ask(struct sshd *sshd)
{
    static char name[] = "sshd";
    static char test[] = "-T";
    char *arguments[] = {name, test, NULL};
    struct buffer text = {.limit = FILE_LIMIT};
    struct error error = ERROR_INIT;
    struct program program = {.path = SSHD, .arguments = arguments};
    int ends[2];
    int status;
    bool whole;
    pid_t pid;

    if (sshd->checking->settings.root != NULL || geteuid() != 0 || access(SSHD, X_OK) != 0 ||
        !program_pipe(ends, &error))
        return;
    program.input = PROGRAM_NULL;
    program.output = ends[1];
    program.errors = PROGRAM_NULL;
    if (program_start(&program, &pid, &error)) {
        close(ends[1]);
        ends[1] = -1;
        whole = read_answer(ends[0], &text);
        if (!whole)
            kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) == pid && whole && WIFEXITED(status) &&
            WEXITSTATUS(status) == 0 && text.data != NULL)
            take_answers(sshd, text.data);
    }
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    buffer_free(&text);
}

/* --- judging --- */

static struct position place_of(const struct keyword *keyword)
{
    return keyword->line != 0 ? in_line(keyword->file, keyword->line) : in_file(SSHD_CONFIG);
}

static void judge(struct sshd *sshd)
{
    struct findings *findings = &sshd->checking->findings;
    const char *use_pam = sshd->use_pam.value;

    if (use_pam[0] == '\0')
        findings_add(findings, FINDING_ERROR, place_of(&sshd->use_pam),
                     "does not say UsePAM, and the default is no, so sessions by ssh get no "
                     "variables: write UsePAM yes");
    else if (strcasecmp(use_pam, "yes") != 0)
        findings_add(findings, FINDING_ERROR, place_of(&sshd->use_pam),
                     "UsePAM is %s, so sessions by ssh get no variables: write UsePAM yes",
                     use_pam);
    if (strcasecmp(sshd->log_level.value, "DEBUG3") == 0)
        leak(sshd, place_of(&sshd->log_level), "LogLevel DEBUG3");
}

void check_sshd(struct checking *checking)
{
    const struct pam_service *service;
    struct sshd *sshd;

    pam_services_load(&checking->pam);
    service = pam_services_find(&checking->pam, "sshd");
    if (service == NULL || !pam_service_uses_module(&checking->pam, service) ||
        (access(SSHD_CONFIG, F_OK) != 0 && errno == ENOENT))
        return;
    sshd = calloc(1, sizeof *sshd);
    if (sshd == NULL) {
        checking->findings.failed = true;
        return;
    }
    sshd->checking = checking;
    sshd->use_pam.name = "UsePAM";
    sshd->log_level.name = "LogLevel";
    read_files(sshd);
    ask(sshd);
    judge(sshd);
    free(sshd);
}
