/* Environments for child processes, in which each name occurs once: of several variables with one
 * name, getenv(3) finds the first, and a shell takes the last. */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

/* The variables ("NAME=value"), with those of set added or in place of those with their names. Both
 * lists end with NULL; set may be NULL. Of several in set with one name the last counts; of several
 * variables, the first. Returns a list that ends with NULL, owned by the caller; its strings are
 * borrowed. */
const char **environment_with(const char *const *variables, const char *const *set);

#endif
