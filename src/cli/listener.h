/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h: a webhook receiver on this machine: verifies what comes and prints it. */
#ifndef EVALX_CLI_LISTENER_H
#define EVALX_CLI_LISTENER_H

#include <stdbool.h>

#include "webhook/sign.h"

/* Serves on 127.0.0.1:port until SIGINT or SIGTERM. Has told the user why when the exit code is not 0. */
int listener_run(const struct secrets *secrets, const char *port, bool as_json);

#endif
