#include "manager/shortfall.h"

#include <utstring.h>

static const char *separator(const UT_string *list)
{
    return utstring_len(list) > 0 ? ", " : "";
}

/* Says why one container is missing. */
static void describe_missing(const struct manager_container *container, UT_string *missing)
{
    utstring_printf(missing, "%s%s (", separator(missing), container->shown);
    const struct manager_candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        utstring_printf(missing, "%s", candidate != container->candidates ? "; " : "");
        if (candidate->last != NULL)
            utstring_printf(missing, "%s", candidate->last);
        else
            utstring_printf(missing, "%s: no answer to Info yet", candidate->path);
    }
    if (container->trouble != NULL)
        utstring_printf(missing, "%s", container->trouble);
    else if (container->candidates == NULL && container->directory != NULL)
        utstring_printf(missing, "no socket in %s", container->directory);
    else if (container->candidates == NULL)
        utstring_printf(missing, "its socket was removed");
    utstring_printf(missing, ")");
}

/* Lists sidecars of which there is no sign, by the names that KubeVirt gives them. */
static void describe_unseen(const struct manager_collection *collection, UT_string *missing)
{
    const struct manager_options *options = &collection->manager->options;
    size_t seen = HASH_COUNT(collection->containers);
    size_t unseen = options->sidecars > seen ? options->sidecars - seen : 0;
    for (size_t i = 0; i < options->sidecars && unseen > 0; i++) {
        auto_free char *name = xasprintf("hook-sidecar-%zu", i);
        const struct manager_container *container = NULL;
        HASH_FIND_STR(collection->containers, name, container);
        if (container != NULL)
            continue;
        utstring_printf(missing, "%s%s (no sign of it)", separator(missing), name);
        unseen--;
    }
}

int manager_shortfall_late(struct manager_collection *collection, struct error **err)
{
    const struct manager_options *options = &collection->manager->options;
    UT_string came;
    UT_string missing;
    utstring_init(&came);
    utstring_init(&missing);
    HASH_SORT(collection->containers, manager_container_compare);
    const struct manager_container *container = NULL;
    manager_containers_foreach(collection, container)
    {
        if (container->answered == NULL)
            describe_missing(container, &missing);
        else
            utstring_printf(&came, "%s%s", separator(&came), container->shown);
    }
    describe_unseen(collection, &missing);
    int result = error_set(err, ERROR_TIMEOUT,
        "collecting sidecars in %s: after %g s %zu of %zu have answered (%s); missing: %s",
        options->directory, (double)options->timeout_ms / 1e3, collection->ready, options->sidecars,
        utstring_len(&came) > 0 ? utstring_body(&came) : "none", utstring_body(&missing));
    utstring_done(&came);
    utstring_done(&missing);
    return result;
}

int manager_shortfall_check_surplus(const struct manager_collection *collection, struct error **err)
{
    const struct manager *manager = collection->manager;
    int result = 0;
    UT_string listening;
    utstring_init(&listening);
    const struct manager_container *container = NULL;
    manager_containers_foreach(collection, container)
    {
        if (manager_container_is_dialled(container))
            utstring_printf(&listening, "%s%s", separator(&listening), container->shown);
        else if (container->answered == NULL && container->candidates != NULL)
            manager_warn(manager, &container->sidecar,
                "ignored: all %zu expected sidecars have answered, and nothing listens on its "
                "socket",
                manager->options.sidecars);
    }
    if (utstring_len(&listening) > 0)
        result = error_set(err, ERROR_INPUT,
            "collecting sidecars in %s: more than the %zu expected sidecars listen, so which ones "
            "are used would be left to chance: besides those that answered first there is %s",
            manager->options.directory, manager->options.sidecars, utstring_body(&listening));
    utstring_done(&listening);
    return result;
}
