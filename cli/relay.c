#include "cli/relay.h"

#include <string.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "cli/beside.h"

#define PROGRAM "hookctl-online"

int cli_relay_exec(char *const *words, struct error **err)
{
    auto_free char *path = cli_beside_path(err);
    if (path == NULL)
        return error_wrap(err, "finding " PROGRAM " beside this program");
    auto_free char *found = subprocess_find(PROGRAM, path);
    if (found == NULL)
        return error_set(err, ERROR_IO,
            "needs the program " PROGRAM ", which is neither in %.*s nor in %s: install it there",
            (int)strcspn(path, ":"), path, strchr(path, ':') + 1);
    execv(found, words);
    return error_set_errno(err, "running %s", found);
}
