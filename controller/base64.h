/* Base64 (RFC 4648, section 4), as it stands in Secrets, caBundle and the patches of webhooks. */
#ifndef CONTROLLER_BASE64_H
#define CONTROLLER_BASE64_H

/* The text in Base64, on one line. Owned by the caller; no copy of it is left behind. */
char *controller_base64_encode(const char *text);

#endif
