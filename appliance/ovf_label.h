/* Names of an OVF descriptor as names of Kubernetes. */
#ifndef APPLIANCE_OVF_LABEL_H
#define APPLIANCE_OVF_LABEL_H

/* text as a DNS label (RFC 1123): its letters in lower case and its digits, everything between them
 * one dash, at most 63 bytes; otherwise if nothing is left of it. text may be NULL. Owned by the
 * caller. */
char *appliance_ovf_label(const char *text, const char *otherwise);

#endif
