/* Real sidecar-shims for the benchmarks, each with a shell script as its hook. */
#ifndef BENCH_SIDECARS_H
#define BENCH_SIDECARS_H

#include <stddef.h>
#include <sys/types.h>

/* The directories of one benchmark. */
struct bench {
    char *build; /* the programs; owned */
    char *directory; /* temporary; owned */
    char *sockets; /* directory/sockets; owned */
};

/* A running process and the read end of its standard output (-1: not requested). */
struct process {
    pid_t pid;
    int output;
};

/* Creates the directory with the files that the programs read: vmi.json, domain.xml, and the hook
 * bin/onDefineDomain, which prints its input domain. Exits on failure. */
void bench_open(struct bench *bench, const char *build);
void bench_close(struct bench *bench);

/* Starts a program with its standard input from a file (NULL: /dev/null) and standard error to
 * directory/stderr. Exits on failure. */
struct process process_start(const char *const *argv, const char *input, int want_output);

/* Waits until there is output to read. */
void process_wait_output(const struct process *process);

/* Reads all output and waits for the process to end. Exits if the process failed. Returns the
 * output, owned by the caller, or NULL if it was not requested. */
char *process_finish(struct process *process);

/* Waits until a process has an inotify watch and sleeps, which means that it waits for a socket. */
void process_wait_watching(const struct process *process);

/* Ends a process with SIGTERM and waits for it. */
void process_end(struct process *process);

/* Starts the shim of sidecar index without waiting for it. */
struct process sidecar_start(const struct bench *bench, size_t index);

/* Starts count shims and waits until each listens. Array owned by the caller. */
struct process *sidecars_start(const struct bench *bench, size_t count);
void sidecars_end(struct process *sidecars, size_t count);

/* Waits until the shim of sidecar index accepts connections. */
void sidecar_wait(const struct bench *bench, size_t index);

/* Removes everything in the socket directory. */
void sockets_clear(const struct bench *bench);

#endif
