/* Whether this machine's KVM can run a guest. */
#ifndef GUEST_KVM_H
#define GUEST_KVM_H

#include "base/error.h"

/* Tries KVM, which takes a few milliseconds if it works: creates a virtual machine with one
 * processor and, on x86-64, runs two million instructions in it. That /dev/kvm exists says little:
 * inside another virtual machine it may fail later, or run each instruction in software, much
 * slower than QEMU's own emulation. Returns 0, or -1 with an io error that says why not (errnum
 * EACCES: another user may). */
int guest_kvm_probe(struct error **err);

#endif
