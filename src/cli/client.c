/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: see client.h. */
#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"

enum { ANSWER_MAX = 1 << 30, CONNECT_TIMEOUT_S = 10, STALL_TIMEOUT_S = 120 };

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char *base;
    json_t *problem; /* the last answer that was not 2xx, and its status */
    long problem_status;
    char message[CURL_ERROR_SIZE];
};

int client_open(const char *server, const char *key, struct client **ret, struct error *err)
{
    bool local = strncmp(server, "unix:", 5) == 0;

    if (!local && strncmp(server, "http://", 7) != 0 && strncmp(server, "https://", 8) != 0)
        return error_set(err, -EINVAL, "the server must be http://…, https://… or unix:PATH, not \"%s\"", server);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, -ENOMEM, "libcurl cannot start");

    struct client *client = xcalloc(1, sizeof(*client));
    client->curl = curl_easy_init();
    client->base = xstrdup(local ? "http://localhost" : server);
    for (size_t len = strlen(client->base); len > 0 && client->base[len - 1] == '/'; len--)
        client->base[len - 1] = '\0';
    client->headers = curl_slist_append(NULL, "Content-Type: application/json");
    client->headers = curl_slist_append(client->headers, "Expect:");
    if (key != NULL && key[0] != '\0') {
        _cleanup_(freep) char *header = xasprintf("Authorization: Bearer %s", key);
        client->headers = curl_slist_append(client->headers, header);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->message);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S);
    curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "evalx/" EVALX_VERSION);
    if (local)
        curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, server + 5);
    *ret = client;
    return 0;
}

void client_close(struct client *client)
{
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->base);
    json_decref(client->problem);
    free(client);
    curl_global_cleanup();
}

/* Sends the request with the options set so far; *ret_status is its HTTP status. */
static int perform(struct client *client, const char *path, long *ret_status, struct error *err)
{
    _cleanup_(freep) char *url = xasprintf("%s%s", client->base, path);

    client->message[0] = '\0';
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    CURLcode code = curl_easy_perform(client->curl);
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR)
        return error_set(err, -ECONNREFUSED, "%s: %s", client->base,
                         client->message[0] != '\0' ? client->message : curl_easy_strerror(code));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return code == CURLE_OK ? 0 : -ECANCELED;
}

static size_t collect(char *data, size_t size, size_t count, void *context)
{
    struct buf *answer = context;

    if (answer->len + size * count > ANSWER_MAX)
        return 0;
    buf_append(answer, data, size * count);
    return size * count;
}

/* The problem+json that the server sent, in one line. */
static int problem(long status, const json_t *answer, struct error *err)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    const char *title = json_string_value(json_object_get(answer, "title")),
               *detail = json_string_value(json_object_get(answer, "detail"));
    const json_t *errors = json_object_get(answer, "errors"); /* when there are any, detail only repeats them */
    int code = status == 429 || status == 503 ? -EAGAIN : status >= 400 && status < 500 ? -EINVAL : -EIO;
    size_t i;
    json_t *item;

    buf_printf(&text, "the server answered %ld", status);
    if (json_array_size(errors) == 0 && (detail != NULL || title != NULL))
        buf_printf(&text, ": %s", detail != NULL ? detail : title);
    json_array_foreach(errors, i, item)
    {
        const char *field = json_string_value(json_object_get(item, "field")),
                   *message = json_string_value(json_object_get(item, "message"));
        buf_printf(&text, "%s%s%s%s", i == 0 ? ": " : "; ", field != NULL ? field : "",
                   field != NULL && field[0] != '\0' ? ": " : "", message != NULL ? message : "");
    }
    return error_set(err, code, "%s", buf_str(&text));
}

int client_call(struct client *client, const char *path, const json_t *body, json_t **ret, struct error *err)
{
    _cleanup_(buf_release) struct buf answer = BUF_INIT, request = BUF_INIT;
    json_auto_t *json = NULL;
    long status = 0;

    if (body != NULL) {
        json_write(body, &request);
        curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, buf_str(&request));
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.len);
    } else {
        curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &answer);
    int r = perform(client, path, &status, err);
    if (r < 0)
        return r == -ECANCELED ? error_set(err, -EFBIG, "the server's answer is too large") : r;

    json = json_loadb(buf_str(&answer), answer.len, 0, NULL);
    if (status < 200 || status > 299) {
        json_decref(client->problem);
        client->problem = json_incref(json);
        client->problem_status = status;
        return problem(status, json, err);
    }
    if (json == NULL)
        return error_set(err, -EIO, "%s did not answer with JSON: is it an evalx server?", client->base);
    *ret = STEAL(json);
    return 0;
}

json_t *client_problem(const struct client *client, long *ret_status)
{
    *ret_status = client->problem_status;
    return json_incref(json_object_get(client->problem, "errors"));
}

/* An event stream being read: lines gather in line, the event's fields in name and data until the empty line. */
struct stream {
    struct buf line, name, data;
    client_event_fn *event;
    void *context;
};

/* False to stop. Only the fields "event" and "data" matter here. */
static bool stream_line(struct stream *stream)
{
    const char *line = buf_str(&stream->line);
    bool on = true;

    if (line[0] == '\0') {
        if (stream->data.len > 0)
            on = stream->event(stream->context, buf_str(&stream->name), buf_str(&stream->data));
        buf_clear(&stream->name);
        buf_clear(&stream->data);
    } else if (strncmp(line, "event:", 6) == 0) {
        const char *value = line + 6 + (line[6] == ' ');
        buf_set(&stream->name, value, strlen(value));
    } else if (strncmp(line, "data:", 5) == 0) {
        if (stream->data.len > 0)
            buf_append_char(&stream->data, '\n');
        buf_append_str(&stream->data, line + 5 + (line[5] == ' '));
    }
    buf_clear(&stream->line);
    return on;
}

static size_t read_stream(char *data, size_t size, size_t count, void *context)
{
    struct stream *stream = context;

    for (size_t i = 0; i < size * count; i++) {
        if (data[i] == '\n') {
            if (!stream_line(stream))
                return 0;
        } else if (data[i] != '\r') {
            buf_append_char(&stream->line, data[i]);
        }
    }
    return size * count;
}

int client_follow(struct client *client, const struct client_stream *of, struct error *err)
{
    _cleanup_(freep) char *last = of->last_id ? xasprintf("Last-Event-ID: %s", of->last_id) : NULL;
    struct stream stream = {.event = of->event, .context = of->context};
    struct curl_slist known = {.data = last, .next = client->headers};
    long status = 0;

    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, last ? &known : client->headers);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)of->timeout_ms);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, read_stream);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &stream);
    int r = perform(client, of->path, &status, err);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, 0L);
    buf_release(&stream.line);
    buf_release(&stream.name);
    buf_release(&stream.data);
    if (r == -ECANCELED)
        r = 0;
    if (r == 0 && status != 200 && status != 204) /* 204: a stream without events */
        r = error_set(err, -EIO, "the server answered %ld", status);
    return r;
}
