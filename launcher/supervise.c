#include "launcher/supervise.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descendants.h"
#include "base/file.h"
#include "base/subprocess.h"

/* Forwarded to the launch, except for SIGCHLD. */
static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD};

/* Sets the error for a launch that a signal killed. Returns -1. */
static int describe_killed(int wait_status, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        if (WTERMSIG(wait_status) == signals[i])
            return error_set(err, ERROR_CANCELED, "ended by SIG%s", sigabbrev_np(signals[i]));
    }
    auto_free char *how = subprocess_describe(wait_status);
    return error_set(err, ERROR_INTERNAL, "the launch %s", how);
}

/* Reaps ended children. Returns whether the launch is among them, with its *wait_status. */
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

/* Forwards signals until the launch has ended. Returns its wait status. */
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

/* Kills what the launch has left behind. This process, a subreaper, inherits it all. */
static void kill_orphans(void)
{
    do
        descendants_kill(NULL, NULL);
    while (waitpid(-1, NULL, 0) > 0);
}

/* Resets signals to their default: the parent may have ignored them, as a shell without job control
 * does for a background process. */
static void reset_signals(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        signal(signals[i], SIG_DFL);
}

int launcher_supervise(const char *directory, bool *is_launch, int *status, struct error **err)
{
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&set, signals[i]);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, "becoming a child subreaper");
    sigprocmask(SIG_BLOCK, &set, &before);
    reset_signals();
    pid_t parent = getpid();
    pid_t launch = fork();
    *is_launch = launch == 0;
    if (launch <= 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (launch < 0)
            return error_set_errno(err, "forking the launch's process");
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        return getppid() == parent ? 0 : error_set(err, ERROR_CANCELED, "the parent has ended");
    }
    int wait_status = watch(launch, &set);
    kill_orphans();
    file_remove_tree(directory, NULL);
    *status = WEXITSTATUS(wait_status);
    return WIFEXITED(wait_status) ? 0 : describe_killed(wait_status, err);
}
