/* Leaves processes behind that a hook's end should end: escape WAY. Returns when they have a session
 * of their own; they ignore SIGTERM, hold no output, and would live for half a minute. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    LIFE_S = 30,
    CHAINS = 4,
    GENERATIONS = 60000, /* of a chain: bounds what a test that fails leaves behind */
    LEGS = 2000,
};

static int ready[2]; /* a pipe: a byte says that a process has escaped */

static void live(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

static void detach(void)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    signal(SIGTERM, SIG_IGN);
    setsid();
    if (write(ready[1], "", 1) != 1)
        _exit(1);
}

static void by_setsid(void)
{
    if (fork() == 0) {
        detach();
        live();
    }
}

static void by_double_fork(void)
{
    if (fork() == 0) {
        detach();
        if (fork() == 0)
            live();
        _exit(0);
    }
}

static void by_clone_parent(void)
{
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
        detach();
        live();
    }
}

/* Not readable in /proc for others of the same user. */
static void by_hiding(void)
{
    if (fork() == 0) {
        detach();
        prctl(PR_SET_DUMPABLE, 0);
        if (fork() == 0)
            live();
        live();
    }
}

static void by_namespace(void)
{
    if (fork() == 0) {
        detach();
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 && fork() == 0) {
            if (fork() == 0 && fork() == 0)
                live();
            live();
        }
        live();
    }
}

/* Each generation creates the next and ends, so that it has ended when it is to be signaled. */
static void by_chains(void)
{
    for (int chain = 0; chain < CHAINS; chain++) {
        if (fork() != 0)
            continue;
        detach();
        for (int i = 0; i < GENERATIONS; i++) {
            if (fork() > 0)
                _exit(0);
            setsid();
        }
        _exit(0);
    }
}

/* Each generation creates the next and stays, so that the last is the farther away the longer
 * somebody kills from the front. */
static void by_centipede(void)
{
    if (fork() != 0)
        return;
    detach();
    for (int i = 0; i < LEGS; i++) {
        pid_t next = fork();
        if (next > 0)
            live();
        if (next < 0)
            i--; /* the limit of processes: again */
        else
            setsid();
    }
    live();
}

/* As many as the limit of processes allows, each of which creates more. */
static void by_bomb(void)
{
    if (fork() != 0)
        return;
    detach();
    for (int i = 0; i < GENERATIONS; i++) {
        if (fork() == 0)
            setsid();
    }
    live();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {
        {"setsid", by_setsid},
        {"double-fork", by_double_fork},
        {"clone-parent", by_clone_parent},
        {"hiding", by_hiding},
        {"namespace", by_namespace},
        {"chains", by_chains},
        {"centipede", by_centipede},
        {"bomb", by_bomb},
    };
    for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(argv[1], ways[i].name) == 0) {
            char byte;
            if (pipe(ready) < 0)
                return 1;
            ways[i].run();
            close(ready[1]);
            return read(ready[0], &byte, 1) == 1 ? 0 : 1;
        }
    }
    return 2;
}
