#include "controller/process_metrics.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { STAT_LIMIT = 4096 };

static double seconds_of(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void append(
    UT_string *page, const char *name, const char *type, const char *help, double value)
{
    utstring_printf(
        page, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name, value);
}

/* The number of open descriptors, except the one that lists them; -1 if unknown. */
static long count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    long count = -1;
    if (directory == NULL)
        return -1;
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        if (entry->d_name[0] != '.')
            count++;
    }
    closedir(directory);
    return count;
}

/* A field of /proc/self/stat by its number; text begins with field 3. 0 if it is missing. */
static double stat_field(const char *text, int number)
{
    for (int at = 3; at < number; at++) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return (double)strtoull(text, NULL, 10);
}

/* Memory, threads and start time, from /proc/self/stat, where the command in parentheses may hold
 * anything. Source: proc(5). */
static void append_stat(UT_string *page)
{
    enum { THREADS = 20, START = 22, VIRTUAL_BYTES = 23, RESIDENT_PAGES = 24 };
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read("/proc/self/stat", STAT_LIMIT, &text, &length, NULL) < 0)
        return;
    const char *command_end = strrchr(text, ')');
    if (command_end == NULL)
        return;
    const char *fields = command_end + 1 + strspn(command_end + 1, " ");
    double ticks = (double)sysconf(_SC_CLK_TCK);
    double boot = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
    append(page, "process_resident_memory_bytes", "gauge", "Resident memory in bytes.",
        stat_field(fields, RESIDENT_PAGES) * (double)sysconf(_SC_PAGESIZE));
    append(page, "process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.",
        stat_field(fields, VIRTUAL_BYTES));
    append(
        page, "process_threads", "gauge", "Threads of this process.", stat_field(fields, THREADS));
    append(page, "process_start_time_seconds", "gauge",
        "When this process started, in seconds since 1970.",
        boot + stat_field(fields, START) / ticks);
}

void controller_process_metrics(UT_string *page)
{
    struct rlimit limit = {0};
    long descriptors = count_descriptors();
    append(page, "process_cpu_seconds_total", "counter", "CPU time used, in seconds.",
        seconds_of(CLOCK_PROCESS_CPUTIME_ID));
    append_stat(page);
    if (descriptors >= 0)
        append(page, "process_open_fds", "gauge", "Open file descriptors.", (double)descriptors);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        append(page, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
            (double)limit.rlim_cur);
}
