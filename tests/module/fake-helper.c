/*
 * A helper that does as it is told, for the tests of the module: the last component of --config
 * names one of the behaviours in the table at the end. It writes the numbers of its processes, one
 * a line, to the configuration's path with ".pids" behind it.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/reply.h"
#include "sanitizer_options.h"

#define SECRET "correct horse"
/* 8 times 16 bytes, and one. */
#define N16               "NNNNNNNNNNNNNNNN"
#define NAME_OF_129_BYTES N16 N16 N16 N16 N16 N16 N16 N16 "N"

static const char *config;

static void hang(void)
{
    for (;;)
        pause();
}

static void note_process(void)
{
    struct buffer line = BUFFER_INIT;
    int file;

    buffer_append_format(&line, "%s.pids", config);
    file = open(buffer_text(&line), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    buffer_clear(&line);
    buffer_append_format(&line, "%ld\n", (long)getpid());
    if (file < 0 || write(file, line.data, line.length) != (ssize_t)line.length)
        _exit(90);
    close(file);
    buffer_free(&line);
}

static void send_bytes(const void *bytes, size_t length)
{
    struct error error = ERROR_INIT;

    if (!frame_write(STDOUT_FILENO, bytes, length, deadline_in(60000), &error))
        _exit(91);
}

static void send_frame(struct buffer *frame)
{
    send_bytes(frame->data, frame->length);
    buffer_free(frame);
}

/* --- whole replies -----------------------------------------------------------------------------
 */

static void send_reply(const struct reply *reply)
{
    struct buffer frame = BUFFER_INIT;

    reply_encode(reply, &frame);
    send_frame(&frame);
}

static void send_source(enum wire_source source, uint32_t stale_seconds)
{
    char names[][8] = {"DB_USER", "DB_PASS"};
    char values[][32] = {"app", SECRET "\nsecond line = x"};
    struct variable variables[] = {{names[0], values[0]}, {names[1], values[1]}};
    struct reply reply = {.source = source,
                          .stale_seconds = stale_seconds,
                          .error = "",
                          .variables = variables,
                          .variable_count = 2};

    send_reply(&reply);
}

static void answer(void)
{
    send_source(WIRE_SOURCE_FETCHED, 0);
}

static void answer_from_cache(void)
{
    send_source(WIRE_SOURCE_CACHE, 0);
}

static void answer_stale(void)
{
    send_source(WIRE_SOURCE_STALE, 312);
}

static void answer_nothing(void)
{
    struct reply reply = {.error = ""};

    send_reply(&reply);
}

static void send_one(enum wire_outcome outcome, const char *error, const char *const *warnings,
                     size_t warning_count)
{
    char name[] = "DB_USER";
    char value[] = SECRET;
    struct variable variable = {name, value};
    struct reply reply = {.outcome = outcome,
                          .source = WIRE_SOURCE_FETCHED,
                          .error = error,
                          .warnings = warnings,
                          .warning_count = warning_count,
                          .variables = &variable,
                          .variable_count = outcome == WIRE_FAILED ? 0 : 1};

    send_reply(&reply);
}

static void answer_partly(void)
{
    send_one(WIRE_PARTIAL, "/etc/ssmenv/ssmenv.conf:7: DB_PASS: AccessDeniedException", NULL, 0);
}

static void answer_failed(void)
{
    send_one(WIRE_FAILED, "/etc/ssmenv/ssmenv.conf:3:1: expected a name", NULL, 0);
}

static void answer_with_warnings(void)
{
    static const char *const warnings[] = {"/p/PATH is left out: PATH must never be set",
                                           "/p/a and /p/A are left out: both are named A"};

    send_one(WIRE_COMPLETE, "", warnings, 2);
}

/* Control characters, a terminal's escape sequence, C1 controls (raw and as UTF-8), broken UTF-8.
 */
static void answer_hostile_text(void)
{
    send_one(WIRE_FAILED,
             "first\nsecond\r\t\x1b[31mred\x07\x7f \xc2\x9b"
             "31m \x9b \xff\xfe caf\xc3\xa9 end",
             NULL, 0);
}

static void answer_longest_texts(void)
{
    char text[LIMIT_MESSAGE_BYTES + 1];
    const char *warnings[LIMIT_WARNINGS];

    memset(text, 'e', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < LIMIT_WARNINGS; i++)
        warnings[i] = text;
    send_one(WIRE_PARTIAL, text, warnings, LIMIT_WARNINGS);
}

/* --- replies that break a rule -----------------------------------------------------------------
 */

static void begin_payload(struct buffer *payload, enum wire_outcome outcome, size_t variables)
{
    frame_put_u8(payload, (uint8_t)outcome);
    frame_put_u8(payload, WIRE_SOURCE_FETCHED);
    frame_put_u32(payload, 0);
    frame_put_text(payload, outcome == WIRE_COMPLETE ? "" : "a reason");
    frame_put_u16(payload, 0);
    frame_put_u16(payload, (uint16_t)variables);
}

static void send_payload(struct buffer *payload)
{
    struct buffer frame = BUFFER_INIT;

    frame_seal(&frame, WIRE_REPLY, payload);
    buffer_free(payload);
    send_frame(&frame);
}

/* A good variable first: all or nothing means that it is not set either. */
static void send_second_variable(const char *name, size_t name_length, size_t value_length)
{
    struct buffer payload = BUFFER_INIT;
    char *value = malloc(value_length + 1);

    if (value == NULL)
        _exit(92);
    memset(value, 'v', value_length);
    begin_payload(&payload, WIRE_COMPLETE, 2);
    frame_put_text(&payload, "GOOD");
    frame_put_text(&payload, "value");
    frame_put_bytes(&payload, name, name_length);
    frame_put_bytes(&payload, value, value_length);
    free(value);
    send_payload(&payload);
}

/* What is wrong with the second variable. */
static const struct bad_variable {
    const char *behaviour;
    const char *name;
    size_t name_length;
    size_t value_length;
} bad_variables[] = {
    {"name-with-equals", "A=B", 3, 5},
    {"name-with-newline", "A\nB", 3, 5},
    {"name-with-nul", "A\0B", 3, 5},
    {"name-empty", "", 0, 5},
    {"name-with-digit-first", "1A", 2, 5},
    {"name-of-129-bytes", NAME_OF_129_BYTES, LIMIT_NAME_BYTES + 1, 5},
    {"ld-preload", "LD_PRELOAD", 10, 5},
    {"path", "PATH", 4, 5},
    {"twice", "GOOD", 4, 5},
    {"value-of-65537-bytes", "LONG", 4, LIMIT_VALUE_BYTES + 1},
    {"value-of-200-kib", "LONG", 4, 200 * 1024},
};

static void send_many(size_t count, size_t total)
{
    struct buffer payload = BUFFER_INIT;
    size_t left = total;

    begin_payload(&payload, WIRE_COMPLETE, count);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        char value[1024];
        size_t share = i + 1 < count ? total / count : left;

        snprintf(name, sizeof name, "N%03zu", i);
        memset(value, 'v', sizeof value);
        frame_put_text(&payload, name);
        frame_put_bytes(&payload, value, share - strlen(name) - sizeof "=");
        left -= share;
    }
    send_payload(&payload);
}

static void answer_300_variables(void)
{
    send_many(300, 300 * 16);
}

static void answer_as_much_as_allowed(void)
{
    send_many(LIMIT_VARIABLES, LIMIT_ENVIRONMENT_BYTES);
}

static void answer_one_byte_too_much(void)
{
    send_many(LIMIT_VARIABLES, LIMIT_ENVIRONMENT_BYTES + 1);
}

static void answer_failed_with_variables(void)
{
    struct buffer payload = BUFFER_INIT;

    begin_payload(&payload, WIRE_FAILED, 1);
    frame_put_text(&payload, "GOOD");
    frame_put_text(&payload, "value");
    send_payload(&payload);
}

static void answer_trailing_byte(void)
{
    struct buffer payload = BUFFER_INIT;

    begin_payload(&payload, WIRE_COMPLETE, 0);
    frame_put_u8(&payload, 0);
    send_payload(&payload);
}

static void answer_fewer_variables_than_announced(void)
{
    struct buffer payload = BUFFER_INIT;

    begin_payload(&payload, WIRE_COMPLETE, 2);
    frame_put_text(&payload, "GOOD");
    frame_put_text(&payload, "value");
    send_payload(&payload);
}

/* --- no reply at all ---------------------------------------------------------------------------
 */

static void good_frame(struct buffer *frame)
{
    struct buffer payload = BUFFER_INIT;

    begin_payload(&payload, WIRE_COMPLETE, 1);
    frame_put_text(&payload, "GOOD");
    frame_put_text(&payload, "value");
    frame_seal(frame, WIRE_REPLY, &payload);
    buffer_free(&payload);
}

static void answer_one_byte_a_second(void)
{
    struct buffer frame = BUFFER_INIT;

    good_frame(&frame);
    for (size_t i = 0; i < frame.length; i++) {
        send_bytes(frame.data + i, 1);
        poll(NULL, 0, 1000);
    }
}

static void send_zeros(size_t length)
{
    static const char zeros[4096];

    for (size_t sent = 0; sent < length; sent += sizeof zeros)
        send_bytes(zeros, sizeof zeros);
}

static void answer_10_mib(void)
{
    struct buffer header = BUFFER_INIT;

    buffer_append_text(&header, WIRE_MAGIC);
    frame_put_u8(&header, WIRE_VERSION);
    frame_put_u8(&header, WIRE_REPLY);
    frame_put_u16(&header, 0);
    frame_put_u32(&header, 10 * 1024 * 1024);
    send_frame(&header);
    send_zeros(10 * 1024 * 1024);
}

static void answer_and_10_mib_more(void)
{
    answer();
    send_zeros(10 * 1024 * 1024);
}

static void answer_garbage(void)
{
    send_bytes("Segmentation fault (core dumped)\n", 33);
}

/* A whole and valid frame but for one byte of its header. */
static void send_with_header_byte(size_t position, char byte)
{
    struct buffer frame = BUFFER_INIT;

    good_frame(&frame);
    frame.data[position] = byte;
    send_frame(&frame);
}

static void answer_version_2(void)
{
    send_with_header_byte(4, 2);
}

static void answer_kind_of_fetcher(void)
{
    send_with_header_byte(5, WIRE_RESULT);
}

static void send_most_of_a_frame(void)
{
    struct buffer frame = BUFFER_INIT;

    good_frame(&frame);
    send_bytes(frame.data, frame.length - 1);
    buffer_free(&frame);
}

static void send_most_and_hang(void)
{
    send_most_of_a_frame();
    hang();
}

static void exit_1(void)
{
    _exit(1);
}

static void be_killed(void)
{
    raise(SIGKILL);
}

static void be_stopped(void)
{
    raise(SIGSTOP);
    hang();
}

static void write_beyond_memory(void)
{
    volatile size_t size = 1;
    volatile char *bytes = malloc(size);

    if (bytes != NULL)
        bytes[size] = 'x';
}

static void close_output_and_hang(void)
{
    close(STDOUT_FILENO);
    hang();
}

static void resist_signals_and_hang(void)
{
    sigset_t all;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    hang();
}

static void answer_and_exit_1(void)
{
    answer();
    _exit(1);
}

static void answer_and_hang(void)
{
    answer();
    resist_signals_and_hang();
}

/* --- processes of the helper's own -------------------------------------------------------------
 */

/* A child that keeps the pipe open. Returns when it has noted its number. */
static void start_child(bool session_of_its_own)
{
    int ready[2];
    char byte;

    if (pipe2(ready, O_CLOEXEC) != 0)
        _exit(93);
    if (fork() == 0) {
        if (session_of_its_own)
            setsid();
        note_process();
        close(ready[1]);
        hang();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 0)
        _exit(94);
    close(ready[0]);
}

static void answer_with_child(void)
{
    start_child(false);
    answer();
}

static void exit_1_with_child(void)
{
    start_child(false);
    _exit(1);
}

static void answer_with_escaped_child(void)
{
    start_child(true);
    answer();
}

static void exit_1_with_escaped_child(void)
{
    start_child(true);
    _exit(1);
}

/* The host's other child, whose number is in CONFIG.sibling, ends while the host is in the module.
 */
static void end_sibling_and_answer(void)
{
    char path[4096];
    char number[32] = "";
    struct pollfd polled = {.events = POLLIN};
    int file;
    pid_t sibling;

    snprintf(path, sizeof path, "%s.sibling", config);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, number, sizeof number - 1) <= 0)
        _exit(95);
    sibling = (pid_t)strtol(number, NULL, 10);
    polled.fd = (int)syscall(SYS_pidfd_open, sibling, 0);
    kill(sibling, SIGKILL);
    if (polled.fd < 0 || poll(&polled, 1, -1) != 1)
        _exit(96);
    answer();
}

/* --- the table ---------------------------------------------------------------------------------
 */

static const struct behaviour {
    const char *name;
    void (*run)(void);
} behaviours[] = {
    {"answer", answer},
    {"answer-from-cache", answer_from_cache},
    {"answer-stale", answer_stale},
    {"answer-nothing", answer_nothing},
    {"answer-partly", answer_partly},
    {"answer-failed", answer_failed},
    {"answer-with-warnings", answer_with_warnings},
    {"answer-hostile-text", answer_hostile_text},
    {"answer-longest-texts", answer_longest_texts},
    {"answer-as-much-as-allowed", answer_as_much_as_allowed},
    {"300-variables", answer_300_variables},
    {"one-byte-too-much", answer_one_byte_too_much},
    {"failed-with-variables", answer_failed_with_variables},
    {"trailing-byte", answer_trailing_byte},
    {"fewer-variables-than-announced", answer_fewer_variables_than_announced},
    {"hang", hang},
    {"one-byte-a-second", answer_one_byte_a_second},
    {"10-mib", answer_10_mib},
    {"answer-and-10-mib-more", answer_and_10_mib_more},
    {"garbage", answer_garbage},
    {"version-2", answer_version_2},
    {"kind-of-fetcher", answer_kind_of_fetcher},
    {"truncated", send_most_of_a_frame},
    {"truncated-and-hang", send_most_and_hang},
    {"exit-1", exit_1},
    {"killed", be_killed},
    {"stopped", be_stopped},
    {"write-beyond-memory", write_beyond_memory},
    {"close-output-and-hang", close_output_and_hang},
    {"resist-signals", resist_signals_and_hang},
    {"answer-and-exit-1", answer_and_exit_1},
    {"answer-and-hang", answer_and_hang},
    {"answer-with-child", answer_with_child},
    {"exit-1-with-child", exit_1_with_child},
    {"answer-with-escaped-child", answer_with_escaped_child},
    {"exit-1-with-escaped-child", exit_1_with_escaped_child},
    {"end-sibling-and-answer", end_sibling_and_answer},
};

static int behave(const char *name)
{
    for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++) {
        if (strcmp(name, behaviours[i].name) == 0) {
            behaviours[i].run();
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof bad_variables / sizeof bad_variables[0]; i++) {
        const struct bad_variable *bad = &bad_variables[i];

        if (strcmp(name, bad->behaviour) == 0) {
            send_second_variable(bad->name, bad->name_length, bad->value_length);
            return 0;
        }
    }
    return 98;
}

int main(int argc, char **argv)
{
    static const char option[] = "--config=";
    const char *slash;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], option, sizeof option - 1) == 0)
            config = argv[i] + sizeof option - 1;
    }
    if (config == NULL || (slash = strrchr(config, '/')) == NULL)
        return 97;
    note_process();
    return behave(slash + 1);
}
