#include "tls/certificate_store.h"

#include <pthread.h>
#include <stdlib.h>

struct tls_certificate_store {
    pthread_mutex_t mutex;
    struct tls_certificate *current; /* a reference, or NULL; guarded by mutex */
};

struct tls_certificate_store *tls_certificate_store_new(void)
{
    struct tls_certificate_store *store = xcalloc(1, sizeof(*store));
    pthread_mutex_init(&store->mutex, NULL);
    return store;
}

void tls_certificate_store_free(struct tls_certificate_store *store)
{
    if (store == NULL)
        return;
    tls_certificate_unref(store->current);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

struct tls_certificate *tls_certificate_store_current(struct tls_certificate_store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct tls_certificate *found =
        store->current == NULL ? NULL : tls_certificate_ref(store->current);
    pthread_mutex_unlock(&store->mutex);
    return found;
}

void tls_certificate_store_set(struct tls_certificate_store *store, struct tls_certificate *take)
{
    pthread_mutex_lock(&store->mutex);
    struct tls_certificate *before = store->current;
    store->current = take;
    pthread_mutex_unlock(&store->mutex);
    tls_certificate_unref(before);
}
