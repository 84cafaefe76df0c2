/* Metrics of this process from the kernel, named as in Prometheus' client libraries. Internal to
 * controller/metrics.c. */
#ifndef CONTROLLER_PROCESS_METRICS_H
#define CONTROLLER_PROCESS_METRICS_H

#include <utstring.h>

/* Appends process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
 * process_open_fds, process_max_fds, process_threads and process_start_time_seconds; those that
 * /proc does not have are left out. */
void controller_process_metrics(UT_string *page);

#endif
