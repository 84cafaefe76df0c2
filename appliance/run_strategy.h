/* The run strategies of a VirtualMachine. */
#ifndef APPLIANCE_RUN_STRATEGY_H
#define APPLIANCE_RUN_STRATEGY_H

#include <stdbool.h>

/* The one that needs a feature gate of KubeVirt. */
#define APPLIANCE_WAIT_AS_RECEIVER "WaitAsReceiver"
#define APPLIANCE_RECEIVER_GATE "DecentralizedLiveMigration"

/* Whether every KubeVirt takes it.
 * Source: KubeVirt 1.9, its admission of VirtualMachines. */
bool appliance_run_strategy_is_valid(const char *text);

/* The strategy that is unambiguously meant: in another letter case, or "Running". NULL: none.
 * Static. */
const char *appliance_run_strategy_meant(const char *text);

/* Why text is not a strategy, and what would be right. Owned by the caller. */
char *appliance_run_strategy_refuse(const char *text);

#endif
