/* Writes a manager's events to the log of the program that runs it. */
#ifndef MANAGER_EVENT_LOG_H
#define MANAGER_EVENT_LOG_H

#include "base/log.h"
#include "manager/event.h"

/* Writes the log line of an event, if it has one. A hop whose failure ends the chain has none,
 * since the operation ends with its error; if the format is JSON, the domain before that hop is
 * written instead, for programs that read the log. */
void manager_event_log(const struct manager_event *event, enum log_format format);

#endif
