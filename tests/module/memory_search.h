/*
 * Looks for a text in this process's own writable memory, also in what was released: with
 * AddressSanitizer, released memory keeps its contents for a while.
 */
#ifndef SSMENV_TESTS_MEMORY_SEARCH_H
#define SSMENV_TESTS_MEMORY_SEARCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The sanitizer's bookkeeping reserves far more; nothing of a program's own is as large. */
#define MEMORY_MAPPING_MAX ((size_t)64 * 1024 * 1024)
#define MEMORY_WINDOW      ((size_t)64 * 1024)

static bool memory_reversed_at(const char *bytes, const char *reversed, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != reversed[length - 1 - i])
            return false;
    }
    return true;
}

static size_t memory_count_in(int memory, size_t begin, size_t end, char *window,
                              const char *reversed)
{
    size_t length = strlen(reversed);
    size_t found = 0;

    for (size_t at = begin; at < end; at += MEMORY_WINDOW - length + 1) {
        size_t wanted = end - at < MEMORY_WINDOW ? end - at : MEMORY_WINDOW;
        ssize_t got = pread(memory, window, wanted, (off_t)at);
        const char *hit = window;

        if (got <= 0)
            return found;
        while ((hit = memchr(hit, reversed[length - 1], (size_t)(window + got - hit))) != NULL) {
            found += hit + length <= window + got && memory_reversed_at(hit, reversed, length);
            hit++;
        }
    }
    return found;
}

/* How often the text that is this one backwards stands in writable memory. */
static size_t memory_count_reversed(const char *reversed)
{
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    char *window =
        mmap(NULL, MEMORY_WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t begin;
    size_t end;
    size_t found = 0;
    char line[4096];

    if (memory < 0 || maps == NULL || window == MAP_FAILED)
        abort();
    while (fgets(line, sizeof line, maps) != NULL) {
        char access[5];

        if (sscanf(line, "%zx-%zx %4s", &begin, &end, access) != 3 || access[1] != 'w' ||
            end - begin > MEMORY_MAPPING_MAX || begin == (size_t)window)
            continue;
        found += memory_count_in(memory, begin, end, window, reversed);
    }
    fclose(maps);
    close(memory);
    munmap(window, MEMORY_WINDOW);
    return found;
}

#endif
