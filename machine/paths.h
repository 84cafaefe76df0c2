/* Where KubeVirt mounts things in the compute container of a launcher pod. */
#ifndef MACHINE_PATHS_H
#define MACHINE_PATHS_H

#define MACHINE_PRIVATE_DIRECTORY "/var/run/kubevirt-private"

/* Below it, a directory for each Secret. */
#define MACHINE_SECRET_DIRECTORY MACHINE_PRIVATE_DIRECTORY "/secret"

/* The most bytes of a file in such a directory: Kubernetes' limit of all data of a Secret. */
enum { MACHINE_SECRET_MAX_BYTES = 1 << 20 };

#endif
