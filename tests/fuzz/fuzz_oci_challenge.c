/* WWW-Authenticate: whatever a registry sends, what is read is part of it; and credentials go to a
 * realm on another host only from HTTPS to HTTPS. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/url.h"
#include "oci/challenge.h"
#include "oci/login.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_realm(const char *realm)
{
    struct http_url url;
    struct error *error = NULL;
    bool from_http = oci_login_trust_realm("http://localhost:5000", realm, &error) == 0;
    check(from_http || text_is_utf8(error->message, strlen(error->message), NULL));
    error_free(error);
    bool from_https = oci_login_trust_realm("https://localhost:5000", realm, NULL) == 0;
    if (http_url_split(realm, &url) < 0) {
        check(!from_http && !from_https);
        return;
    }
    check(!from_http || streq(url.host, "localhost"));
    check(!from_https || streq(url.scheme, "https"));
    http_url_clear(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *header = xstrndup((const char *)data, size);
    struct oci_challenge challenge = {0};
    oci_challenge_read(&challenge, header);
    const char *const parts[] = {challenge.realm, challenge.service, challenge.scope};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        check(parts[i] == NULL || (challenge.bearer && strlen(parts[i]) <= strlen(header)));
    if (challenge.realm != NULL)
        check_realm(challenge.realm);
    oci_challenge_clear(&challenge);
    return 0;
}
