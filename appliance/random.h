/* Where names, passwords and generated parameters get their randomness from. */
#ifndef APPLIANCE_RANDOM_H
#define APPLIANCE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* A source of random numbers. Zeroed: getrandom(2). */
struct appliance_random {
    uint32_t (*below)(void *user, uint32_t limit); /* uniform in [0, limit), limit at least 1; NULL:
                                                      getrandom */
    void *user;
};

/* Uniform in [0, limit). */
uint32_t appliance_random_below(const struct appliance_random *random, uint32_t limit);

/* length characters of [a-z0-9], followed by a zero byte. */
void appliance_random_name(const struct appliance_random *random, size_t length, char *out);

#endif
