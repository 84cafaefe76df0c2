/* Starts, waits for and ends the benchmarks' sidecar-shims. */
#include "tests/bench/sidecars.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

extern char **environ;

static void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void must(int result, const char *what)
{
    if (result < 0)
        die(what);
}

static void put(const struct bench *bench, const char *name, const char *text, mode_t mode)
{
    auto_free char *path = file_join(bench->directory, name);
    must(file_write(path, text, strlen(text), mode, NULL), path);
}

void bench_open(struct bench *bench, const char *build)
{
    static const char hook[] = "#!/bin/sh\nprintf '%s' \"$4\"\n";
    static const char vmi[] =
        "{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachineInstance\","
        "\"metadata\":{\"name\":\"bench\",\"namespace\":\"default\"}}";
    bench->build = xstrdup(build);
    bench->directory = file_make_temporary("hookline-bench", NULL);
    if (bench->directory == NULL)
        die("making a temporary directory");
    bench->sockets = file_join(bench->directory, "sockets");
    auto_free char *bin = file_join(bench->directory, "bin");
    must(file_make_directories(bin, 0755, NULL), bin);
    must(file_make_directories(bench->sockets, 0755, NULL), bench->sockets);
    put(bench, "bin/onDefineDomain", hook, 0755);
    put(bench, "vmi.json", vmi, 0644);

    char *domain = NULL;
    size_t length = 0;
    must(file_read("samples/domain.xml", 1 << 20, &domain, &length, NULL), "samples/domain.xml");
    put(bench, "domain.xml", domain, 0644);
    free(domain);
    auto_free char *path = xasprintf("%s:%s", bin, getenv("PATH"));
    must(setenv("PATH", path, 1), "PATH");
}

void bench_close(struct bench *bench)
{
    file_remove_tree(bench->directory, NULL);
    free(bench->build);
    free(bench->directory);
    free(bench->sockets);
}

struct process process_start(const char *const *argv, const char *input, int want_output)
{
    int pipe_fds[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(
        &actions, STDIN_FILENO, input != NULL ? input : "/dev/null", O_RDONLY, 0);
    if (want_output) {
        must(pipe2(pipe_fds, O_CLOEXEC), "pipe");
        posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    } else {
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    struct process process = {.output = pipe_fds[0]};
    errno = posix_spawnp(&process.pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    if (errno != 0)
        die(argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (want_output)
        close(pipe_fds[1]);
    return process;
}

void process_wait_output(const struct process *process)
{
    struct pollfd readable = {.fd = process->output, .events = POLLIN};
    must(poll(&readable, 1, -1), "poll");
}

char *process_finish(struct process *process)
{
    char *output = NULL;
    size_t length = 0;
    if (process->output >= 0) {
        must(file_read_fd(process->output, "output", 1 << 26, &output, &length, NULL), "reading");
        close(process->output);
    }
    int status = 0;
    must(waitpid(process->pid, &status, 0), "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench: a program failed with wait status %d\n", status);
        exit(1);
    }
    return output;
}

/* Whether a file of /proc contains text. */
static int proc_contains(const char *path, const char *text)
{
    auto_free char *content = NULL;
    size_t length = 0;
    return file_read(path, 1 << 20, &content, &length, NULL) == 0 && strstr(content, text) != NULL;
}

static int watches(pid_t pid)
{
    auto_free char *directory = xasprintf("/proc/%d/fdinfo", pid);
    int found = 0;
    DIR *entries = opendir(directory);
    if (entries == NULL)
        die(directory);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        auto_free char *path = file_join(directory, entry->d_name);
        found = found || proc_contains(path, "inotify wd:");
    }
    closedir(entries);
    return found;
}

void process_wait_watching(const struct process *process)
{
    auto_free char *status = xasprintf("/proc/%d/status", process->pid);
    while (!watches(process->pid) || !proc_contains(status, "State:\tS"))
        sched_yield();
}

void process_end(struct process *process)
{
    must(kill(process->pid, SIGTERM), "kill");
    must(waitpid(process->pid, NULL, 0), "waitpid");
    if (process->output >= 0)
        close(process->output);
}

static char *sidecar_directory(const struct bench *bench, size_t index)
{
    return xasprintf("%s/hook-sidecar-%zu", bench->sockets, index);
}

struct process sidecar_start(const struct bench *bench, size_t index)
{
    auto_free char *directory = sidecar_directory(bench, index);
    auto_free char *shim = file_join(bench->build, "sidecar-shim");
    must(file_make_directories(directory, 0755, NULL), directory);
    const char *const argv[] = {shim, "--version", "v1alpha2", "--socket-dir", directory, NULL};
    return process_start(argv, NULL, 0);
}

static int accepts(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Whether the socket in a directory accepts connections. */
static int listens(const char *directory)
{
    int found = 0;
    DIR *entries = opendir(directory);
    if (entries == NULL)
        die(directory);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (!text_ends_with(entry->d_name, ".sock"))
            continue;
        auto_free char *path = file_join(directory, entry->d_name);
        found = found || accepts(path);
    }
    closedir(entries);
    return found;
}

/* Polls, because the kernel takes some 10 ms to close an inotify watch, which would count as part
 * of the shim's start. */
void sidecar_wait(const struct bench *bench, size_t index)
{
    static const struct timespec nap = {.tv_nsec = 20000};
    auto_free char *directory = sidecar_directory(bench, index);
    while (!listens(directory))
        nanosleep(&nap, NULL);
}

struct process *sidecars_start(const struct bench *bench, size_t count)
{
    struct process *sidecars = xcalloc(count, sizeof(*sidecars));
    for (size_t i = 0; i < count; i++)
        sidecars[i] = sidecar_start(bench, i);
    for (size_t i = 0; i < count; i++)
        sidecar_wait(bench, i);
    return sidecars;
}

void sidecars_end(struct process *sidecars, size_t count)
{
    for (size_t i = 0; i < count; i++)
        process_end(&sidecars[i]);
    free(sidecars);
}

void sockets_clear(const struct bench *bench)
{
    must(file_remove_tree(bench->sockets, NULL), bench->sockets);
    must(file_make_directories(bench->sockets, 0755, NULL), bench->sockets);
}
