/*
 * A helper that reports what it finds around itself, as the variables of its reply.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/frame.h"
#include "sanitizer_options.h"

static void read_file(const char *path, struct buffer *contents)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;

    while (file >= 0 && got > 0) {
        char *room = buffer_reserve(contents, 4096);

        got = room != NULL ? read(file, room, 4096) : 0;
        if (got > 0)
            buffer_grow(contents, (size_t)got);
    }
    if (file >= 0)
        close(file);
}

static void put_seen(struct buffer *payload, const char *name, struct buffer *value)
{
    frame_put_text(payload, name);
    frame_put_bytes(payload, buffer_text(value), value->length);
    buffer_free(value);
}

static void put_number(struct buffer *payload, const char *name, long number)
{
    struct buffer value = BUFFER_INIT;

    buffer_append_format(&value, "%ld", number);
    put_seen(payload, name, &value);
}

/* A line of /proc/self/status. */
static void put_status(struct buffer *payload, const char *name, const char *key)
{
    struct buffer status = BUFFER_INIT;
    struct buffer value = BUFFER_INIT;
    const char *line;

    read_file("/proc/self/status", &status);
    line = strstr(buffer_text(&status), key);
    if (line != NULL)
        buffer_append(&value, line + strlen(key), strcspn(line + strlen(key), "\n"));
    buffer_free(&status);
    put_seen(payload, name, &value);
}

static void put_descriptors(struct buffer *payload)
{
    struct buffer value = BUFFER_INIT;
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char target[256];
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target);

        if (length > 0 && atoi(entry->d_name) != dirfd(folder))
            buffer_append_format(&value, "%s=%.*s\n", entry->d_name, (int)length, target);
    }
    if (folder != NULL)
        closedir(folder);
    put_seen(payload, "SEEN_DESCRIPTORS", &value);
}

static void put_list(struct buffer *payload, const char *name, char **list)
{
    struct buffer value = BUFFER_INIT;

    for (; *list != NULL; list++)
        buffer_append_format(&value, "%s\n", *list);
    put_seen(payload, name, &value);
}

static void begin_payload(struct buffer *payload, uint16_t variables)
{
    frame_put_u8(payload, WIRE_COMPLETE);
    frame_put_u8(payload, WIRE_SOURCE_NONE);
    frame_put_u32(payload, 0);
    frame_put_text(payload, "");
    frame_put_u16(payload, 0);
    frame_put_u16(payload, variables);
}

int main(int argc, char **argv)
{
    struct buffer payload = BUFFER_INIT;
    struct buffer frame = BUFFER_INIT;
    struct error error = ERROR_INIT;

    (void)argc;
    begin_payload(&payload, 10);
    put_number(&payload, "SEEN_PROCESS", getpid());
    put_number(&payload, "SEEN_PARENT", getppid());
    put_number(&payload, "SEEN_SESSION", getsid(0));
    put_number(&payload, "SEEN_GROUP", getpgrp());
    put_status(&payload, "SEEN_BLOCKED", "SigBlk:\t");
    put_status(&payload, "SEEN_IGNORED", "SigIgn:\t");
    put_status(&payload, "SEEN_PENDING", "ShdPnd:\t");
    put_descriptors(&payload);
    put_list(&payload, "SEEN_ARGUMENTS", argv);
    put_list(&payload, "SEEN_ENVIRONMENT", environ);
    frame_seal(&frame, WIRE_REPLY, &payload);
    return frame_write(STDOUT_FILENO, frame.data, frame.length, deadline_in(60000), &error) ? 0 : 1;
}
