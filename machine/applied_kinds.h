/* The kinds of fields in the tables of instance types and preferences. For those two alone: the names
 * are short. */
#ifndef MACHINE_APPLIED_KINDS_H
#define MACHINE_APPLIED_KINDS_H

#include "machine/fields.h"
#include "machine/quantity.h"

#define STRING SCHEMA_STRING, .type = "string"
#define INTEGER SCHEMA_INTEGER, .type = "integer"
#define BOOLEAN SCHEMA_BOOLEAN, .type = "boolean"
#define QUANTITY SCHEMA_QUANTITY, .type = "quantity", .check = machine_quantity_check
#define MAP SCHEMA_MAP, .type = "object"
#define OBJECT SCHEMA_OBJECT, .type = "object"
#define ARRAY SCHEMA_OBJECTS, .type = "array", .maximum = MACHINE_MAX_ITEMS
#define COPIED SCHEMA_OBJECT, .type = "object", .open = true /* checked as the VM's own */

#endif
