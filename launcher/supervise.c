#include "launcher/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/subprocess.h"

/* What is passed on, but for SIGCHLD. */
static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD};

/* Reaps what has ended. Returns whether the launch has, with *wait_status. */
static bool reap(pid_t launch, int *wait_status)
{
    bool over = false;
    int ended = 0;
    pid_t child = 0;
    while ((child = waitpid(-1, &ended, WNOHANG)) > 0) {
        if (child == launch) {
            *wait_status = ended;
            over = true;
        }
    }
    return over;
}

/* Passes signals on until the launch has ended. Returns its wait status. */
static int watch(pid_t launch, const sigset_t *set)
{
    int wait_status = 0;
    while (!reap(launch, &wait_status)) {
        int number = sigwaitinfo(set, NULL);
        if (number > 0 && number != SIGCHLD)
            kill(launch, number);
    }
    return wait_status;
}

/* Kills this process's children, which the launch has left behind, until there are none. */
static void kill_orphans(void)
{
    for (;;) {
        FILE *children = fopen("/proc/thread-self/children", "re");
        int child = 0;
        while (children != NULL && fscanf(children, "%d", &child) == 1)
            kill(child, SIGKILL);
        if (children != NULL)
            fclose(children);
        /* Its own children become this process's, too. */
        if (child == 0 || waitpid(-1, NULL, 0) < 0)
            return;
    }
}

int launcher_supervise(const char *directory, bool *is_launch, int *status, struct error **err)
{
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&set, signals[i]);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, "becoming the parent of orphans");
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t parent = getpid();
    pid_t launch = fork();
    *is_launch = launch == 0;
    if (launch <= 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (launch < 0)
            return error_set_errno(err, "starting the launch's own process");
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        return getppid() == parent ? 0 : error_set(err, ERROR_CANCELED, "the parent has ended");
    }
    int wait_status = watch(launch, &set);
    kill_orphans();
    file_remove_tree(directory, NULL);
    *status = WEXITSTATUS(wait_status);
    if (WIFEXITED(wait_status))
        return 0;
    auto_free char *how = subprocess_describe(wait_status);
    return error_set(err, ERROR_INTERNAL, "the launch %s", how);
}
