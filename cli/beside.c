#include "cli/beside.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

char *cli_beside_path(struct error **err)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0) {
        error_set_errno(err, "/proc/self/exe");
        return NULL;
    }
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    return xasprintf("%s:%s/../libexec/hookline", self, self);
}
