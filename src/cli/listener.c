/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.c: see listener.h. Does what any receiver should: reads the body as bytes, checks the signature before looking at anything
 * else, refuses timestamps that are more than five minutes off, and notices what it has been sent before.
 */
#include "cli/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/value.h"
#include "http/http.h"

enum { TOLERANCE_S = 300, IDS_MAX = 1024, ID_SIZE = 128, GRACE_MS = 500 };

struct listener {
    const struct secrets *secrets;
    bool as_json;
    pthread_mutex_t lock;       /* the rest, and standard output */
    char ids[IDS_MAX][ID_SIZE]; /* the last ones seen */
    size_t next;
};

static bool seen_before(struct listener *listener, const char *id)
{
    for (size_t i = 0; i < IDS_MAX; i++)
        if (strcmp(listener->ids[i], id) == 0)
            return true;
    snprintf(listener->ids[listener->next++ % IDS_MAX], ID_SIZE, "%s", id);
    return false;
}

/* NULL: it is genuine. */
static const char *check(const struct listener *listener, struct http_exchange *x, const char *id)
{
    _cleanup_(freep) char *text = str_dup(http_header(x, "webhook-timestamp"));
    int64_t timestamp = 0;
    if (!*id || !*text)
        return "headers webhook-id and webhook-timestamp are missing";
    if (value_integer(text, &timestamp, NULL) < 0)
        return "webhook-timestamp is no number";
    int64_t now_s = clock_realtime_ms() / 1000;
    if (timestamp < now_s - TOLERANCE_S || timestamp > now_s + TOLERANCE_S)
        return "webhook-timestamp is more than five minutes off";
    if (!sign_verify(listener->secrets, id, timestamp, http_body(x), http_header(x, "webhook-signature")))
        return "the signature is not one of this secret";
    return NULL;
}

static void print_text(struct http_exchange *x, const char *id, const char *problem, bool again)
{
    _cleanup_(buf_release) struct buf line = BUF_INIT;
    struct str event = http_header(x, "evalx-event"), body = http_body(x);
    char now[RFC3339_SIZE];
    printf("%s  %s", clock_rfc3339(clock_realtime_ms(), now), problem ? "REFUSED" : again ? "again" : "verified");
    escape_controls(event.data ? event.data : "", event.len, &line);
    buf_append_str(&line, "  ");
    escape_controls(id, strlen(id), &line);
    printf("  %s%s%s\n", buf_str(&line), problem ? ": " : "", problem ? problem : "");
    json_auto_t *document = json_loadb(body.data ? body.data : "", body.len, JSON_ALLOW_NUL, NULL);
    if (!problem && document)
        print_json(json_incref(document));
    fflush(stdout);
}

static void print_line(struct http_exchange *x, const char *id, const char *problem, bool again)
{
    struct str event = http_header(x, "evalx-event"), body = http_body(x);
    json_t *line = json_object();
    json_object_set_new(line, "verified", json_boolean(!problem));
    json_object_set_new(line, "problem", problem ? json_string(problem) : json_null());
    json_object_set_new(line, "again", json_boolean(again));
    json_object_set_new(line, "id", json_text(id, strlen(id), NULL));
    json_object_set_new(line, "event", json_text(event.data ? event.data : "", event.len, NULL));
    json_t *document = json_loadb(body.data ? body.data : "", body.len, JSON_ALLOW_NUL, NULL);
    json_object_set_new(line, "body", document && !problem ? json_incref(document) : json_null());
    json_decref(document);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    json_write(line, &text);
    json_decref(line);
    printf("%s\n", buf_str(&text));
    fflush(stdout);
}

static void receive(void *context, struct http_exchange *x)
{
    struct listener *listener = context;
    _cleanup_(freep) char *id = str_dup(http_header(x, "webhook-id"));
    const char *problem = check(listener, x, id);
    pthread_mutex_lock(&listener->lock);
    bool again = !problem && seen_before(listener, id);
    if (listener->as_json)
        print_line(x, id, problem, again);
    else
        print_text(x, id, problem, again);
    pthread_mutex_unlock(&listener->lock);
    if (problem)
        http_problem(x, 401, problem, NULL, 0);
    else
        http_answer(x, 204, NULL, STR(""));
}

static int await_signal(void)
{
    sigset_t set;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return -sigwait(&set, &number);
}

/* Before the server has threads, so that all of them leave these signals to await_signal. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int listener_run(const struct secrets *secrets, const char *port, bool as_json)
{
    static const struct http_route routes[] = {
        {.method = "POST", .path = "/*", .handler = receive},
    };
    struct listener *listener = xcalloc(1, sizeof(*listener));
    _cleanup_(freep) char *address = xasprintf("127.0.0.1:%s", port);
    struct http_config config = http_config_default();
    struct http_server *server = NULL;
    struct error err = ERROR_INIT;
    int64_t number = -1;

    *listener = (struct listener){.secrets = secrets, .as_json = as_json, .lock = PTHREAD_MUTEX_INITIALIZER};
    config.listen = address;
    config.max_body = 256 << 20;
    config.max_buffered = 512 << 20;
    block_signals();
    int r = value_integer(port, &number, &err);
    if (r == 0 && (number < 0 || number > 65535))
        r = error_set(&err, -EINVAL, "must be between 0 and 65535");
    if (r < 0)
        error_wrap(&err, r, "--port");
    else
        r = http_start(&config, routes, ARRAY_LEN(routes), listener, &server, &err);
    if (r < 0) {
        print_error("%s", err.message);
    } else {
        fprintf(stderr, "evalx: receiving on http://%s/ until Ctrl-C\n", http_address(server));
        await_signal();
        http_stop(server, GRACE_MS);
    }
    free(listener);
    return r < 0 ? EXIT_USAGE : EXIT_OK;
}
