#include "aws/shell_words.h"

#include <string.h>

#include "common/buffer.h"

#define BLANKS " \t\r\n"

/* Appends what stands between quotes; text is behind the first one. Returns where the second one
 * is, or NULL when there is none. */
static const char *take_quoted(const char *text, char quote, struct buffer *word)
{
    while (*text != '\0' && *text != quote) {
        if (quote == '"' && text[0] == '\\' && (text[1] == '"' || text[1] == '\\'))
            text++;
        buffer_append_char(word, *text++);
    }
    return *text == quote ? text : NULL;
}

/* Appends a word; returns what follows it, or NULL when a quote or an escape has no end. */
static const char *take_word(const char *text, struct buffer *word)
{
    while (*text != '\0' && strchr(BLANKS, *text) == NULL) {
        if (*text == '\'' || *text == '"') {
            text = take_quoted(text + 1, *text, word);
            if (text == NULL)
                return NULL;
        } else {
            if (*text == '\\' && *++text == '\0')
                return NULL;
            buffer_append_char(word, *text);
        }
        text++;
    }
    return text;
}

static bool add_word(struct shell_words *split, const struct buffer *word, struct error *error)
{
    if (split->count == SHELL_WORDS_MAX)
        return error_set(error, "it has more than %d words", SHELL_WORDS_MAX);
    split->words[split->count] = text_copy(buffer_text(word));
    return split->words[split->count++] != NULL || error_set(error, "out of memory");
}

bool shell_words_split(struct shell_words *split, const char *text, struct error *error)
{
    bool ok = true;

    *split = (struct shell_words){0};
    text += strspn(text, BLANKS);
    while (ok && *text != '\0') {
        struct buffer word = BUFFER_INIT;
        const char *rest = take_word(text, &word);

        ok = rest != NULL ? add_word(split, &word, error)
                          : error_set(error, "a quote or a backslash at its end is not closed");
        buffer_free(&word);
        if (ok)
            text = rest + strspn(rest, BLANKS);
    }
    if (ok && split->count == 0)
        ok = error_set(error, "it names no program");
    if (!ok)
        shell_words_free(split);
    return ok;
}

void shell_words_free(struct shell_words *split)
{
    for (size_t i = 0; i < split->count; i++)
        text_free(split->words[i]);
    *split = (struct shell_words){0};
}
