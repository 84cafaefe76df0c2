#include "cli/words.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

void cli_words_take(struct cli_words *words, char *take_word)
{
    words->items = xreallocarray(words->items, words->count + 2, sizeof(*words->items));
    words->items[words->count++] = take_word;
    words->items[words->count] = NULL;
}

void cli_words_append(struct cli_words *words, const char *const *more)
{
    for (; *more != NULL; more++)
        cli_words_take(words, xstrdup(*more));
}

bool cli_words_have(const struct cli_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (streq(words->items[i], word))
            return true;
    }
    return false;
}

void cli_words_clear(struct cli_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct cli_words){0};
}
