#include "kube/warnings.h"

#include "base/clock.h"

enum { MOST = 20 }; /* in a minute */

static const double minute_seconds = 60;

void kube_warnings_add(struct kube_warnings *warnings, const char *message)
{
    double now = clock_seconds();
    if (warnings->count == 0 || now - warnings->began >= minute_seconds) {
        if (warnings->count > MOST)
            kube_client_warn(warnings->client, "%s: %lu more warnings like these were left out",
                warnings->about, warnings->count - MOST);
        warnings->began = now;
        warnings->count = 0;
    }
    warnings->count++;
    if (warnings->count <= MOST)
        kube_client_warn(warnings->client, "%s%s", message,
            warnings->count == MOST ? " (more like this within a minute are left out)" : "");
}
