/* SPDX-License-Identifier: Apache-2.0 */
/* test_redis.c: URLs, logging in, what is refused at the opening, and what the keeper is warned of. */
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "fixture.h"
#include "store/redis_store.h"

static int parse(const char *url, struct redis_address *ret, struct error *err)
{
    char scheme[32];
    size_t len = strcspn(url, ":");
    snprintf(scheme, sizeof(scheme), "%.*s", (int)len, url);
    return redis_address_parse(scheme, url + len + 1, ret, err);
}

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

static void urls_are_read(void **state)
{
    static const struct {
        const char *url, *host, *path, *user, *password, *queue, *shown;
        int port, database;
    } given[] = {
        {"redis://localhost", "localhost", "-", "-", "-", "evalx", "redis://localhost:6379/0", 6379, 0},
        {"redis://h:7000/3", "h", "-", "-", "-", "evalx", "redis://h:7000/3", 7000, 3},
        {"redis://h/", "h", "-", "-", "-", "evalx", "redis://h:6379/0", 6379, 0},
        {"redis://:secret@h", "h", "-", "-", "secret", "evalx", "redis://h:6379/0", 6379, 0},
        {"redis://me:p%40ss%3A%2f@h:1/2?queue=q.1", "h", "-", "me", "p@ss:/", "q.1", "redis://h:1/2", 1, 2},
        {"redis://me:a@b@h", "h", "-", "me", "a@b", "evalx", "redis://h:6379/0", 6379, 0},
        {"redis://[::1]:7001/1", "::1", "-", "-", "-", "evalx", "redis://::1:7001/1", 7001, 1},
        {"redis://[::1]", "::1", "-", "-", "-", "evalx", "redis://::1:6379/0", 6379, 0},
        {"redis+unix:/run/r.sock", "-", "/run/r.sock", "-", "-", "evalx", "redis+unix:/run/r.sock", 0, 0},
        {"redis+unix:///run/r.sock?db=4&queue=x", "-", "/run/r.sock", "-", "-", "x", "redis+unix:/run/r.sock", 0, 4},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct redis_address a = {0};
        struct error err = ERROR_INIT;
        if (parse(given[i].url, &a, &err) < 0)
            fail_msg("%s: %s", given[i].url, err.message);
        assert_string_equal(or_none(a.host), given[i].host);
        assert_string_equal(or_none(a.path), given[i].path);
        assert_string_equal(or_none(a.user), given[i].user);
        assert_string_equal(or_none(a.password), given[i].password);
        assert_string_equal(a.queue, given[i].queue);
        assert_string_equal(a.shown, given[i].shown);
        assert_int_equal(a.port, given[i].port);
        assert_int_equal(a.database, given[i].database);
        redis_address_release(&a);
    }
}

static void broken_urls_are_refused(void **state)
{
    static const struct {
        const char *url, *says;
    } given[] = {
        {"redis:", "redis://HOST"},
        {"redis:host", "redis://HOST"},
        {"redis://", "names no host"},
        {"redis://:6379", "names no host"},
        {"redis://user:secret@", "names no host"},
        {"redis://h:0", "port"},
        {"redis://h:65536", "port"},
        {"redis://h:secret", "port"},
        {"redis://h:", "port"},
        {"redis://[::1]x", "port"},
        {"redis://h/x", "database"},
        {"redis://h/1/2", "database"},
        {"redis://h/-1", "database"},
        {"redis://u:%zz@h", "%-escape"},
        {"redis://u:%0@h", "%-escape"},
        {"redis://u:%00@h", "%-escape"},
        {"redis://h?queue=", "queue"},
        {"redis://h?queue=a{b}", "queue"},
        {"redis://h?db=1", "unknown option \"db\""},
        {"redis://h?nonsense", "unknown option \"nonsense\""},
        {"redis+unix:relative", "/PATH"},
        {"redis+unix:/x?db=a", "db"},
        {"rediss://u:secret@h", "TLS"},
        {"memcached://h", "unknown kind of store \"memcached\""},
    };
    const struct store_config config = {.lease_ms = 1, .retention_ms = 1, .max_depth = 1};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct store *store = NULL;
        struct error err = ERROR_INIT;
        assert_true(store_open(given[i].url, &config, &store, &err) < 0);
        if (!strstr(err.message, given[i].says) || strstr(err.message, "secret"))
            fail_msg("%s: %s", given[i].url, err.message);
    }
}

/* ---- opening a real server ---- */

struct opened {
    struct fixture f;
    struct error err;
    int code;
};

/* options: of the server. url: with %s for its folder. */
static void open_with(struct opened *o, const char *const options[], const char *url)
{
    *o = (struct opened){.f.config = {.lease_ms = LEASE_MS, .retention_ms = RETENTION_MS, .max_depth = 1000}};
    snprintf(o->f.dir, sizeof(o->f.dir), "/tmp/evalx-store-XXXXXX");
    assert_non_null(mkdtemp(o->f.dir));
    snprintf(o->f.server.dir, sizeof(o->f.server.dir), "%s", o->f.dir);
    for (size_t i = 0; options && options[i]; i++)
        o->f.server.options[i] = options[i];
    o->f.server.port = free_port();
    server_start(&o->f.server);
    if (strstr(url, "%d"))
        snprintf(o->f.url, sizeof(o->f.url), "%.*s%d%s", (int)(strstr(url, "%d") - url), url, o->f.server.port,
                 strstr(url, "%d") + 2);
    else
        snprintf(o->f.url, sizeof(o->f.url), "redis+unix:%s/redis.sock", o->f.dir);
    o->code = store_open(o->f.url, &o->f.config, &o->f.store, &o->err);
}

static void passwords_and_databases_hold(void **state)
{
    static const struct {
        const char *url;
        int code;
    } given[] = {
        {"redis://:right@127.0.0.1:%d/3", 0},     {"redis://default:right@127.0.0.1:%d", 0},
        {"redis://:wrong@127.0.0.1:%d", -EACCES}, {"redis://nobody:right@127.0.0.1:%d", -EACCES},
        {"redis://127.0.0.1:%d", -EACCES},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct opened o;
        open_with(&o, (const char *const[]){"--requirepass", "right", NULL}, given[i].url);
        if (o.code != given[i].code)
            fail_msg("%s: %d %s", given[i].url, o.code, o.err.message);
        assert_null(strstr(o.err.message, "right"));
        if (o.code == 0)
            put(o.f.store, "x", NULL);
        if (i == 0) {
            char out[64];
            assert_int_equal(
                server_ask(&o.f.server, "-a right --no-auth-warning -n 3 zcard {evalx}:age", out, sizeof(out)), 0);
            assert_string_equal(out, "1\n");
        }
        fixture_close(&o.f);
    }
}

/* What docs/operations.md says a user of its own needs is enough, and is all that is needed. */
static void a_user_with_few_rights_will_do(void **state)
{
    static const char *const options[] = {"--user", "evalx",   "on",          ">right", "~{evalx}*",   "&{evalx}*",
                                          "+@all",  "-@admin", "-@dangerous", "+info",  "+config|get", NULL};
    struct opened o;
    struct store_claim claim;
    (void)state;
    open_with(&o, options, "redis://evalx:right@127.0.0.1:%d");
    if (o.code < 0)
        fail_msg("%s", o.err.message);
    assert_null(store_warning(o.f.store));
    put(o.f.store, "x", NULL);
    take_expect(o.f.store, "x", 1, &claim);
    assert_int_equal(store_renew(o.f.store, claim.token, claim.fence), 0);
    assert_int_equal(store_progress(o.f.store, claim.token, claim.fence, STORE_EVENT_TEST, 0, STR("t")), 0);
    finish(o.f.store, &claim, "result");
    assert_int_equal(store_ping(o.f.store), 0);
    assert_int_equal(store_sweep(o.f.store, later(RETENTION_MS + 1)), 0);
    assert_depth(o.f.store, 0, 0);
    fixture_close(&o.f);
}

/* Scripts publish after they have written: a user who may not must not get so far. */
static void a_user_without_channels_is_refused(void **state)
{
    static const char *const options[] = {"--user",    "evalx",         "on",    ">right",
                                          "~{evalx}*", "resetchannels", "+@all", NULL};
    struct opened o;
    char out[256];
    (void)state;
    open_with(&o, options, "redis://evalx:right@127.0.0.1:%d");
    assert_int_equal(o.code, -EACCES);
    if (!strstr(o.err.message, "&{evalx}*") || strstr(o.err.message, "right@"))
        fail_msg("%s", o.err.message);
    assert_int_equal(server_ask(&o.f.server, "acl setuser evalx \"&{evalx}*\"", out, sizeof(out)), 0);
    if (store_open(o.f.url, &o.f.config, &o.f.store, &o.err) < 0)
        fail_msg("%s", o.err.message);
    put(o.f.store, "x", NULL);
    fixture_close(&o.f);
}

static void hear(void *context, const char *token)
{
    (void)token;
    counter_add(context, 1);
}

/* The listener is refused while the store is open, and tries until it is let in again. */
static void channels_taken_and_given_again(void **state)
{
    static const char *const options[] = {"--user", "evalx", "on", ">right", "~{evalx}*", "&{evalx}*", "+@all", NULL};
    struct opened o;
    struct store *other = NULL;
    char out[8192], url[192], token[TOKEN_LEN + 1];
    (void)state;
    open_with(&o, options, "redis://evalx:right@127.0.0.1:%d");
    if (o.code < 0)
        fail_msg("%s", o.err.message);
    snprintf(url, sizeof(url), "redis+unix:%s/redis.sock", o.f.dir);
    assert_int_equal(store_open(url, &o.f.config, &other, &o.err), 0);
    put(o.f.store, "x", token);
    struct counter heard = COUNTER_INIT;
    struct store_watch *watch = store_watch(o.f.store, token, hear, &heard);
    assert_int_equal(server_ask(&o.f.server, "acl setuser evalx resetchannels", out, sizeof(out)), 0);
    int64_t give_up_ns = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
    do {
        assert_int_equal(server_ask(&o.f.server, "acl log", out, sizeof(out)), 0);
    } while (!strstr(out, "channel") && clock_monotonic_ns() < give_up_ns);
    assert_non_null(strstr(out, "channel")); /* it came again, and was refused */
    assert_int_equal(counter_get(&heard), 0);
    assert_int_equal(server_ask(&o.f.server, "acl setuser evalx \"&{evalx}*\"", out, sizeof(out)), 0);
    assert_true(counter_await(&heard, 1));
    long before = counter_get(&heard);
    assert_int_equal(store_cancel(other, token), 0);
    assert_true(counter_await(&heard, before + 1));
    store_unwatch(o.f.store, watch);
    store_close(other);
    fixture_close(&o.f);
}

static void the_keeper_is_warned(void **state)
{
    static const struct {
        const char *options[SERVER_OPTIONS_MAX], *says;
    } given[] = {
        {{NULL}, NULL},
        {{"--appendonly", "no", NULL}, "set appendonly yes"},
        {{"--appendfsync", "everysec", NULL}, "set appendfsync always"},
        {{"--maxmemory-policy", "allkeys-lru", NULL}, "set maxmemory-policy noeviction"},
        {{"--rename-command", "CONFIG", "", NULL}, "does not let itself be asked"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct opened o;
        open_with(&o, given[i].options, "socket");
        if (o.code < 0)
            fail_msg("%s", o.err.message);
        const char *warning = store_warning(o.f.store);
        if (given[i].says && !(warning && strstr(warning, given[i].says)))
            fail_msg("not \"%s\": %s", given[i].says, warning ? warning : "nothing");
        if (!given[i].says)
            assert_null(warning);
        put(o.f.store, "x", NULL); /* it works all the same */
        fixture_close(&o.f);
    }
}

static void what_cannot_work_is_refused(void **state)
{
    struct opened o;
    char out[64];
    (void)state;
    open_with(&o, NULL, "socket");
    assert_int_equal(o.code, 0);
    store_close(o.f.store);
    o.f.store = NULL;
    assert_int_equal(server_ask(&o.f.server, "set {evalx}:format 99", out, sizeof(out)), 0);
    assert_int_equal(store_open(o.f.url, &o.f.config, &o.f.store, &o.err), -EBADMSG);
    assert_non_null(strstr(o.err.message, "newer evalx"));
    assert_int_equal(server_ask(&o.f.server, "replicaof 127.0.0.1 1", out, sizeof(out)), 0);
    assert_int_equal(store_open(o.f.url, &o.f.config, &o.f.store, &o.err), -EROFS);
    assert_non_null(strstr(o.err.message, "replica"));
    server_kill(&o.f.server);
    assert_true(store_open(o.f.url, &o.f.config, &o.f.store, &o.err) < 0);
    assert_non_null(strstr(o.err.message, "redis.sock"));
    fixture_close(&o.f);
}

static void queues_are_apart(void **state)
{
    struct opened o;
    struct store *other = NULL;
    char url[192];
    (void)state;
    open_with(&o, NULL, "socket");
    snprintf(url, sizeof(url), "%s?queue=other", o.f.url);
    assert_int_equal(store_open(url, &o.f.config, &other, &o.err), 0);
    put(o.f.store, "x", NULL);
    assert_depth(other, 0, 0);
    assert_nothing_waits(other);
    assert_depth(o.f.store, 1, 0);
    store_close(other);
    fixture_close(&o.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(broken_urls_are_refused),
        cmocka_unit_test(passwords_and_databases_hold),
        cmocka_unit_test(a_user_with_few_rights_will_do),
        cmocka_unit_test(a_user_without_channels_is_refused),
        cmocka_unit_test(channels_taken_and_given_again),
        cmocka_unit_test(the_keeper_is_warned),
        cmocka_unit_test(what_cannot_work_is_refused),
        cmocka_unit_test(queues_are_apart),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("store_redis", tests, NULL, NULL);
}
