/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_health.c: evalx health: asks the server that has the same configuration, on this machine, how it is. For health checks of
 * containers, whose images have no other HTTP client.
 */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"

struct health_options {
    bool live;
};

static const struct option health_table[] = {
    {.name = "live",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct health_options, live),
     .help = "ask only whether the process lives (/healthz), not whether it can do its work (/readyz)"},
};

/* Where a server that listens there can be reached from here: one that listens everywhere does so on the loopback, too. */
static char *server_of(const char *listen)
{
    static const struct {
        const char *everywhere, *here;
    } hosts[] = {{"0.0.0.0:", "127.0.0.1:"}, {"[::]:", "[::1]:"}};

    if (strncmp(listen, "unix:", 5) == 0)
        return xstrdup(listen);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        if (strncmp(listen, hosts[i].everywhere, strlen(hosts[i].everywhere)) == 0)
            return xasprintf("http://%s%s", hosts[i].here, listen + strlen(hosts[i].everywhere));
    return xasprintf("http://%s", listen);
}

static int run_health(struct invocation *invocation)
{
    const struct health_options *options = invocation->options;
    _cleanup_(freep) char *server = server_of(invocation->config.listen);
    _cleanup_(client_closep) struct client *client = NULL;
    json_auto_t *answer = NULL;
    struct error err = ERROR_INIT;

    int r = client_open(server, NULL, &client, &err);
    if (r == 0)
        r = client_call(client, options->live ? "/healthz" : "/readyz", NULL, &answer, &err);
    if (r < 0) {
        print_error("%s", err.message);
        return EXIT_TESTS_FAILED;
    }
    const char *status = json_string_value(json_object_get(answer, "status"));
    puts(status != NULL ? status : "ok");
    return EXIT_OK;
}

const struct command command_health = {
    .name = "health",
    .usage = "[--live]",
    .summary = "ask the server on this machine whether it can work; exits 1 when not",
    .description = "Asks /readyz (with --live: /healthz) at the address that this configuration has the server listen\n"
                   "on. For health checks of containers.",
    .tables = {OPTION_TABLE(health_table)},
    .options_size = sizeof(struct health_options),
    .uses_config = true,
    .run = run_health,
};
