/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c: see harness.h. */
#include "harness.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

struct fixture fix;

/* ---- counters ---- */

static void bump(struct fixture *f, int *value)
{
    pthread_mutex_lock(&f->lock);
    ++*value;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static struct timespec patience(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    return until;
}

void await_count(const int *value, int n)
{
    struct timespec until = patience();
    int r = 0;
    pthread_mutex_lock(&fix.lock);
    while (*value < n && r == 0)
        r = pthread_cond_timedwait(&fix.changed, &fix.lock, &until);
    pthread_mutex_unlock(&fix.lock);
    assert_int_equal(r, 0);
}

int count_of(const int *value)
{
    pthread_mutex_lock(&fix.lock);
    int n = *value;
    pthread_mutex_unlock(&fix.lock);
    return n;
}

/* ---- routes ---- */

static void on_hello(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    http_answer(x, 200, NULL, STR("{\"hello\":true}"));
}

static void on_echo(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    http_answer(x, 200, "application/octet-stream", http_body(x));
}

static void on_item(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    http_answer(x, 200, "text/plain", http_segment(x));
}

static void on_query(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    struct str value = STR("absent");
    bump(f, &f->hits);
    http_query(x, "q", &value);
    http_answer(x, 200, "text/plain", value);
}

/* Every parameter, and what the route knows of itself. */
static void on_queries(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    _cleanup_(buf_release) struct buf list = BUF_INIT;
    struct str name, value;
    bump(f, &f->hits);
    buf_append_str(&list, http_route_data(x));
    for (size_t at = 0; http_query_next(x, &at, &name, &value);)
        buf_printf(&list, "(%s|%s)", name.data, value.data);
    http_answer(x, 200, "text/plain", buf_view(&list));
}

static void on_headers(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    http_add_header(x, "Location", "/items/1");
    http_add_header(x, "X-Split", "a\r\nX-Injected: b");
    http_add_header(x, "X Bad", "a");
    http_answer(x, 200, "text/plain", http_header(x, "x-tEsT"));
}

static void on_problem(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    static const struct http_field_error errors[] = {{"test_cases[3].stdin", "must be a string"}, {"a\"b", "\xff"}};
    bump(f, &f->hits);
    http_problem(x, 422, "two fields are wrong", errors, 2);
}

static void on_large(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    enum { LARGE = 32 << 20 };
    char *data = xmalloc(LARGE);
    memset(data, 'x', LARGE);
    http_answer(x, 200, "text/plain", (struct str){data, LARGE});
    free(data);
}

static void on_twice(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    bump(f, &f->hits);
    http_defer(x, on_hello, f); /* dropped: the exchange is answered first */
    http_answer(x, 200, NULL, STR("1"));
}

/* Answers with the reason. */
static void on_ended(void *context, struct http_exchange *x, enum http_end why)
{
    static const char *const names[] = {
        [HTTP_END_TIMEOUT] = "timeout", [HTTP_END_GONE] = "gone", [HTTP_END_STOPPING] = "stopping"};
    struct fixture *f = context;
    http_answer(x, 200, "text/plain", str_of(names[why]));
    bump(f, &f->ended[why]);
}

static void keep(struct fixture *f, struct http_exchange *x)
{
    pthread_mutex_lock(&f->lock);
    if (f->kept_count < KEPT_MAX)
        f->kept[f->kept_count++] = x;
    f->hits++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void on_keep(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    struct str text = STR("0");
    http_query(x, "ms", &text);
    http_keep(x, strtol(text.data, NULL, 10), on_ended, f);
    keep(f, x);
}

static void on_keep_dropped(void *context, struct http_exchange *x)
{
    http_drop_body(x);
    on_keep(context, x);
}

/* Takes note, and leaves the answer for later. */
static void on_ended_silently(void *context, struct http_exchange *x, enum http_end why)
{
    struct fixture *f = context;
    (void)x;
    bump(f, &f->ended[why]);
}

static void on_keep_silently(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    http_keep(x, 1, on_ended_silently, f);
    keep(f, x);
}

static void on_stream_ended(void *context, struct http_exchange *x, enum http_end why)
{
    struct fixture *f = context;
    if (why == HTTP_END_GONE)
        assert_int_equal(http_stream_event(x, NULL, NULL, STR("late")), -EPIPE);
    http_stream_end(x);
    bump(f, &f->ended[why]);
}

static void on_stream(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    http_keep(x, 0, on_stream_ended, f);
    http_stream_begin(x);
    http_stream_event(x, "1", "status", STR("one\ntwo"));
    keep(f, x);
}

static void on_block(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    struct timespec until = patience();
    pthread_mutex_lock(&f->lock);
    f->hits++;
    pthread_cond_broadcast(&f->changed);
    while (!f->released && pthread_cond_timedwait(&f->changed, &f->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&f->lock);
    http_answer(x, 200, NULL, STR("{}"));
}

static const struct http_route routes[] = {
    {"GET", "/hello", on_hello, 0},      {"POST", "/echo", on_echo, 0},
    {"POST", "/small", on_echo, 100},    {"GET", "/items/{}", on_item, 0},
    {"DELETE", "/items/{}", on_item, 0}, {"GET", "/items/{}/events", on_item, 0},
    {"GET", "/query", on_query, 0},      {"GET", "/headers", on_headers, 0},
    {"GET", "/problem", on_problem, 0},  {"GET", "/large", on_large, 0},
    {"GET", "/twice", on_twice, 0},      {"GET", "/keep", on_keep, 0},
    {"GET", "/stream", on_stream, 0},    {"GET", "/keep-silently", on_keep_silently, 0},
    {"GET", "/block", on_block, 0},      {"GET", "/queries", on_queries, 0, "all: "},
    {"POST", "/keep", on_keep, 0},       {"POST", "/keep-dropped", on_keep_dropped, 0},
};

struct http_config test_config(void)
{
    struct http_config config = http_config_default();
    config.listen = "127.0.0.1:0";
    config.max_body = 64 << 20;
    config.handler_threads = 2;
    return config;
}

static void start(const struct http_config *config)
{
    struct error err = ERROR_INIT;
    memset(&fix, 0, sizeof fix);
    pthread_mutex_init(&fix.lock, NULL);
    pthread_cond_init(&fix.changed, NULL);
    int r = http_start(config, routes, sizeof routes / sizeof *routes, &fix, &fix.server, &err);
    if (r < 0)
        fail_msg("http_start: %s", err.message);
}

static void stop(void)
{
    if (fix.server)
        http_stop(fix.server, 0);
    fix.server = NULL;
    pthread_mutex_destroy(&fix.lock);
    pthread_cond_destroy(&fix.changed);
}

int setup(void **state)
{
    (void)state;
    struct http_config config = test_config();
    start(&config);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    stop();
    return 0;
}

void restart(struct http_config config)
{
    stop();
    start(&config);
}

void release(void)
{
    pthread_mutex_lock(&fix.lock);
    fix.released = true;
    pthread_cond_broadcast(&fix.changed);
    pthread_mutex_unlock(&fix.lock);
}

/* ---- clients ---- */

int client_socket(const struct http_server *server, int flags)
{
    const char *address = http_address(server);
    int family = strncmp(address, "unix:", 5) == 0 ? AF_UNIX : address[0] == '[' ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    assert_true(fd >= 0);
    return fd;
}

int client_connect(const struct http_server *server, int fd)
{
    const char *address = http_address(server), *colon = strrchr(address, ':');
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        memcpy(un.sun_path, address + 5, strlen(address + 5));
        return connect(fd, (struct sockaddr *)&un, sizeof un);
    }
    uint16_t port = htons((uint16_t)strtol(colon + 1, NULL, 10));
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return address[0] == '[' ? connect(fd, (struct sockaddr *)&in6, sizeof in6)
                             : connect(fd, (struct sockaddr *)&in, sizeof in);
}

int client_to(const struct http_server *server)
{
    int fd = client_socket(server, 0);
    assert_int_equal(client_connect(server, fd), 0);
    return fd;
}

bool client_send(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Reads some bytes; 0 at the end of the connection, however it ended. */
static size_t read_some(int fd, char *data, size_t cap)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = poll(&p, 1, PATIENCE_MS);
    if (ready <= 0)
        fail_msg("nothing came from the server in time");
    ssize_t n = recv(fd, data, cap, 0);
    return n > 0 ? (size_t)n : 0;
}

void client_read_until(int fd, struct buf *all, const char *until)
{
    char c;
    while (!all->data || !strstr(all->data, until)) {
        if (read_some(fd, &c, 1) == 0)
            fail_msg("the connection ended before \"%s\"; got: %s", until, buf_str(all));
        buf_append_char(all, c);
    }
}

struct reply client_read(int fd, bool head_only)
{
    struct reply r = {0};
    char chunk[16384];
    while (r.head.len < 4 || memcmp(r.head.data + r.head.len - 4, "\r\n\r\n", 4) != 0) {
        if (read_some(fd, chunk, 1) == 0) {
            if (r.head.len > 0)
                fail_msg("half an answer: %s", buf_str(&r.head));
            return r;
        }
        buf_append_char(&r.head, chunk[0]);
    }
    assert_memory_equal(r.head.data, "HTTP/1.1 ", 9);
    r.status = (int)strtol(r.head.data + 9, NULL, 10);
    const char *length = strstr(r.head.data, "Content-Length: ");
    size_t left = length && !head_only ? (size_t)strtoul(length + 16, NULL, 10) : 0;
    while (left > 0) {
        size_t n = read_some(fd, chunk, left < sizeof chunk ? left : sizeof chunk);
        if (n == 0)
            fail_msg("the body ends %zu bytes early", left);
        buf_append(&r.body, chunk, n);
        left -= n;
    }
    return r;
}

struct reply client_ask(int fd, const char *request, bool head_only)
{
    client_say(fd, request);
    return client_read(fd, head_only);
}

void client_expect(int fd, const char *request, int status, const char *body)
{
    struct reply r = client_ask(fd, request, strncmp(request, "HEAD", 4) == 0);
    if (r.status != status)
        fail_msg("%s: %d instead of %d: %s", request, r.status, status, buf_str(&r.body));
    if (body)
        assert_string_equal(buf_str(&r.body), body);
    reply_release(&r);
}

void reply_release(struct reply *r)
{
    buf_release(&r->head);
    buf_release(&r->body);
}

bool reply_has(const struct reply *r, const char *line)
{
    _cleanup_(freep) char *whole = xasprintf("\r\n%s\r\n", line);
    return strstr(buf_str(&r->head), whole) != NULL;
}

bool client_sees_end(int fd)
{
    char c;
    return read_some(fd, &c, 1) == 0;
}

void client_collect(const struct http_server *server, const void *data, size_t len, struct buf *all)
{
    char chunk[4096];
    int fd = client_to(server);
    client_send(fd, data, len);
    for (size_t n = read_some(fd, chunk, sizeof chunk); n > 0; n = read_some(fd, chunk, sizeof chunk))
        buf_append(all, chunk, n);
    close(fd);
}
