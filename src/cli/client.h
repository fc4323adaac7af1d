/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: speaking to an evalx server, over libcurl. */
#ifndef EVALX_CLI_CLIENT_H
#define EVALX_CLI_CLIENT_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct client;

/* server: "http://127.0.0.1:2358", "https://…/prefix" or "unix:PATH". key: of the API, NULL or "": none. */
int client_open(const char *server, const char *key, struct client **ret, struct error *err);
void client_close(struct client *client);
DEFINE_CLEANUP(struct client, client_close)

/*
 * One request. body: NULL for GET. 0 with the answer's JSON (new reference) when it is 2xx; otherwise -errno and a message
 * that carries the server's own words: the problem's detail and fields. -EINVAL for 4xx, -EAGAIN for 429 and 503, -EIO for the
 * rest, -ECONNREFUSED when the server cannot be reached.
 */
int client_call(struct client *client, const char *path, const json_t *body, json_t **ret, struct error *err);

/* After a client_call that failed: the HTTP status (0: there was no answer) and the list of errors in it (new reference; NULL). */
json_t *client_problem(const struct client *client, long *ret_status);

/*
 * Follows an event stream (GET) until the server ends it, event returns false, or timeout_ms have passed (-ECONNREFUSED; 0: for ever).
 * last_id: of the last event that is known; NULL: none is. name and data are NUL-terminated.
 */
typedef bool client_event_fn(void *context, const char *name, const char *data);
struct client_stream {
    const char *path, *last_id;
    int64_t timeout_ms;
    client_event_fn *event;
    void *context;
};
int client_follow(struct client *client, const struct client_stream *stream, struct error *err);

#endif
