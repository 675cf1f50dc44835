#include "common/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_CAPACITY 64

static void release(struct buffer *buffer)
{
    if (buffer->data != NULL)
        explicit_bzero(buffer->data, buffer->capacity);
    free(buffer->data);
    buffer->data = NULL;
    buffer->length = 0;
    buffer->capacity = 0;
}

static void fail(struct buffer *buffer)
{
    release(buffer);
    buffer->failed = true;
}

/* realloc() would leave the old bytes behind unwiped. */
static bool move_to(struct buffer *buffer, size_t capacity)
{
    char *data = malloc(capacity);

    if (data == NULL)
        return false;
    if (buffer->data != NULL) {
        memcpy(data, buffer->data, buffer->length + 1);
        explicit_bzero(buffer->data, buffer->capacity);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *buffer_reserve(struct buffer *buffer, size_t length)
{
    size_t limit = buffer->limit != 0 ? buffer->limit : BUFFER_LIMIT_DEFAULT;
    size_t capacity = buffer->capacity != 0 ? buffer->capacity : BUFFER_FIRST_CAPACITY;

    if (buffer->failed)
        return NULL;
    if (length > limit || buffer->length > limit - length) {
        fail(buffer);
        return NULL;
    }
    while (capacity < buffer->length + length + 1)
        capacity *= 2;
    if (capacity != buffer->capacity && !move_to(buffer, capacity)) {
        fail(buffer);
        return NULL;
    }
    buffer->data[buffer->length] = '\0';
    return buffer->data + buffer->length;
}

void buffer_grow(struct buffer *buffer, size_t length)
{
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    char *room = buffer_reserve(buffer, length);

    if (room == NULL || length == 0)
        return;
    memcpy(room, bytes, length);
    buffer_grow(buffer, length);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char c)
{
    char *room = buffer_reserve(buffer, 1);

    if (room == NULL)
        return;
    *room = c;
    buffer_grow(buffer, 1);
}

void buffer_append_number(struct buffer *buffer, size_t number)
{
    char digits[3 * sizeof number];
    size_t first = sizeof digits;

    do
        digits[--first] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    buffer_append(buffer, digits + first, sizeof digits - first);
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int length;
    char *room;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        fail(buffer);
        return;
    }
    room = buffer_reserve(buffer, (size_t)length);
    if (room == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer_grow(buffer, (size_t)length);
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data != NULL ? buffer->data : "";
}

bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->capacity);
        buffer->length = 0;
    }
}

void buffer_free(struct buffer *buffer)
{
    release(buffer);
    buffer->failed = false;
}

char *text_copy_bytes(const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *text_copy(const char *text)
{
    return text == NULL ? NULL : text_copy_bytes(text, strlen(text));
}

void text_free(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}
