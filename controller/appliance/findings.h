/* What is wrong with an appliance, in a verdict. */
#ifndef CONTROLLER_APPLIANCE_FINDINGS_H
#define CONTROLLER_APPLIANCE_FINDINGS_H

#include "appliance/report.h"
#include "controller/webhook/verdict.h"

/* Turns the findings of a report into causes, each with its path as the field, and warnings. */
void controller_findings_take(
    struct controller_verdict *verdict, const struct appliance_report *report);

#endif
