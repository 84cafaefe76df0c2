/* A growing command line. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is empty. */
struct cli_words {
    char **items; /* owned, as is each of them; NULL-terminated, or NULL while it is empty */
    size_t count;
};

/* Adds a word; takes ownership of it. */
void cli_words_take(struct cli_words *words, char *take_word);

/* Adds copies of a NULL-terminated list. */
void cli_words_append(struct cli_words *words, const char *const *more);

/* Adds copies of the words that follow. */
#define cli_words_add(words, ...) cli_words_append(words, (const char *const[]){__VA_ARGS__, NULL})

bool cli_words_have(const struct cli_words *words, const char *word);

/* Frees the words and leaves them empty. */
void cli_words_clear(struct cli_words *words);

#endif
