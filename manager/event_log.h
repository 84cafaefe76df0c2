/* What a manager does, as log lines of the program that runs it. */
#ifndef MANAGER_EVENT_LOG_H
#define MANAGER_EVENT_LOG_H

#include "base/log.h"
#include "manager/event.h"

/* Writes the line of an event, if it has one. A hop that fails for good has none, since the
 * operation ends with its error; where the log's format is JSON, the domain as it stood before that
 * hop is written for those who read logs by machine. */
void manager_event_log(const struct manager_event *event, enum log_format format);

#endif
