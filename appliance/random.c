#include "appliance/random.h"

#include <stdlib.h>
#include <sys/random.h>

static uint32_t random_word(void)
{
    uint32_t word = 0;
    /* so few bytes come at once; before the kernel has any, it waits */
    if (getrandom(&word, sizeof(word), 0) != (ssize_t)sizeof(word))
        abort(); /* a kernel without it */
    return word;
}

uint32_t appliance_random_below(const struct appliance_random *random, uint32_t limit)
{
    if (random->below != NULL)
        return random->below(random->user, limit);
    /* words beyond the last whole multiple of limit would make some numbers more likely */
    uint32_t rest = (UINT32_MAX % limit + 1) % limit;
    uint32_t word = random_word();
    while (word > UINT32_MAX - rest)
        word = random_word();
    return word % limit;
}

void appliance_random_name(const struct appliance_random *random, size_t length, char *out)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < length; i++)
        out[i] = characters[appliance_random_below(random, sizeof(characters) - 1)];
    out[length] = '\0';
}
