/* Where our other programs are installed. */
#ifndef CLI_BESIDE_H
#define CLI_BESIDE_H

#include "base/error.h"

/* "DIR:DIR/../libexec/hookline", where DIR has this program: for subprocess_find. Owned by the
 * caller; NULL with an io error. */
char *cli_beside_path(struct error **err);

#endif
