/* The screen of the domain. */
#ifndef MACHINE_GRAPHICS_H
#define MACHINE_GRAPHICS_H

#include "machine/conversion.h"

/* Writes <video> and <graphics>, unless autoattachGraphicsDevice turns them off. */
void machine_graphics_convert(const struct machine_conversion *conversion);

#endif
