/* Completion of "kubectl hookline": kubectl runs the program under the name
 * kubectl_complete-hookline, with the words that are on the command line.
 * Source: kubectl reference, "kubectl plugin"; the lines are those of the Cobra library's
 * __complete: a candidate, a tab and its description; at the end a directive. */
#ifndef CLI_KUBECTL_COMPLETE_H
#define CLI_KUBECTL_COMPLETE_H

#include "cli/command.h"

/* Completes a command line of the program for kubectl: words follow its name, and the last is the
 * one to complete. Writes the candidates in the format of kubectl's plugin completion and returns
 * the exit status. */
int cli_kubectl_complete(const struct cli_program *program, int count, char **words);

#endif
