/* Completion of "kubectl hookline": kubectl runs the program under the name
 * kubectl_complete-hookline, with the words that are on the command line.
 * Source: kubectl reference, "kubectl plugin"; the lines are those of the Cobra library's
 * __complete: a candidate, a tab and what it is for; at the end a directive. */
#ifndef CLI_KUBECTL_COMPLETE_H
#define CLI_KUBECTL_COMPLETE_H

#include "cli/command.h"

/* Completes a command line of the program for kubectl: words are what comes after its name, the
 * last of them the one to complete. Writes the candidates as kubectl's plugin completion wants
 * them, and returns the exit status. */
int cli_kubectl_complete(const struct cli_program *program, int count, char **words);

#endif
