/* The serial console of the domain. */
#ifndef MACHINE_CONSOLE_H
#define MACHINE_CONSOLE_H

#include "machine/conversion.h"

/* Writes <serial> and <console>, unless autoattachSerialConsole turns them off. */
void machine_console_convert(const struct machine_conversion *conversion);

#endif
