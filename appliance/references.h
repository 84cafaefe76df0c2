/* References to parameters in the strings of a VM: ${KEY} anywhere in one, and a string that is
 * ${{KEY}}. What appliance/parameters.h replaces, found and written. */
#ifndef APPLIANCE_REFERENCES_H
#define APPLIANCE_REFERENCES_H

#include <jansson.h>
#include <stdbool.h>

/* Whether a reference to key is anywhere in the strings below value; key NULL: to any. */
bool appliance_references_are_in(const json_t *value, const char *key);

/* Replaces each reference to from by one to another key, below value, in place. */
void appliance_references_rename(json_t *value, const char *from, const char *to);

/* The declaration of a key in an array of parameters. Borrowed, or NULL. */
json_t *appliance_references_declaration(const json_t *parameters, const char *key);

/* Has what looks like a reference below value, and is not declared, stay what it is: the "$" of
 * ${HOME} in a script of the guest becomes ${DOLLAR}, a parameter that is declared then, with that
 * value. Changes the strings in place; nothing is replaced twice. */
void appliance_references_escape(json_t *value, json_t *parameters);

#endif
