/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.c: the parts that roles are made of (serving.h): state folder, jail, languages, signals, user, store, worker, API. Each says
 * what must have been before it; cmd_serve.c puts them in order.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/advice.h"
#include "cli/serving.h"
#include "cli/state.h"

enum { API_GRACE_MS = 2000, WEBHOOK_GRACE_MS = 2000 };

/* ---- the metrics; before everything that counts ---- */

static int start_metrics(struct serving *serving, struct error *err)
{
    (void)err;
    serving->metrics = serving->engine.metrics = metrics_new();
    metrics_set(serving->metrics, METRIC_BUILD_INFO, 1, EVALX_VERSION, serving->role->name);
    metrics_collector(serving->metrics, metrics_collect_process, NULL);
    metrics_collector(serving->metrics, gauges_collect, serving);
    return 0;
}

static void stop_metrics(struct serving *serving)
{
    metrics_free(serving->metrics);
    serving->metrics = NULL;
}

const struct part part_metrics = {.start = start_metrics, .stop = stop_metrics};

/* ---- the model that may be asked for hints; as root, which may read a key that nobody else may, and before what takes time ---- */

static int start_advice(struct serving *serving, struct error *err)
{
    return advice_open(serving->config, serving->metrics, &serving->llm, err);
}

static void stop_advice(struct serving *serving)
{
    llm_free(STEAL(serving->llm));
}

const struct part part_advice = {.start = start_advice, .stop = stop_advice};

/* ---- the state folder and its lock; as root ---- */

static int start_state(struct serving *serving, struct error *err)
{
    const char *folder = serving->config->state_dir;
    struct identity identity;

    int r = identity_find(serving->config->user, &identity, err);
    if (r == 0)
        r = state_prepare(folder, &identity, err);
    if (r == 0)
        r = serving->lock_fd = state_lock(folder, err);
    return MIN(r, 0);
}

static void stop_state(struct serving *serving)
{
    fd_closep(&serving->lock_fd);
}

const struct part part_state = {.start = start_state, .stop = stop_state};

/* ---- the jail, and the languages; as root with one thread, and with no signal blocked, which the jail would inherit ---- */

/* Allowed by the operator, or of no consequence; said with every start all the same. */
static void log_weaknesses(const struct jail *jail)
{
    struct weakness weakness;

    for (unsigned i = 0; jail_weakness(jail, i, &weakness); i++)
        log_warn("sandbox.weaker", LOG_STR("what", weakness.name), LOG_STR("message", weakness.text));
    if (jail_uncounted(jail)[0] != '\0')
        log_warn("sandbox.no_control_group", LOG_STR("message", jail_uncounted(jail)));
}

static int start_jail(struct serving *serving, struct error *err)
{
    int r = engine_open(serving->config, &serving->engine, err);

    if (r == 0)
        log_weaknesses(serving->engine.jail);
    return r;
}

static void stop_engine(struct serving *serving)
{
    engine_close(&serving->engine);
}

const struct part part_jail = {.start = start_jail, .stop = stop_engine};

/* ---- the languages as they are defined, for a role that runs nothing itself ---- */

static int start_languages(struct serving *serving, struct error *err)
{
    int r = engine_load(serving->config, &serving->engine, err);
    if (r == 0)
        registry_assume(serving->engine.registry);
    return r;
}

const struct part part_languages = {.start = start_languages, .stop = stop_engine};

/* ---- signals; before there are threads ---- */

static int start_signals(struct serving *serving, struct error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (serving->config->auth_keys[0] != '\0')
        sigaddset(&set, SIGHUP); /* reads the keys again; without keys it ends the process, as ever */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_errno(err, -errno, "blocking signals");
    serving->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    return serving->signal_fd >= 0 ? 0 : error_errno(err, -errno, "signalfd");
}

static void stop_signals(struct serving *serving)
{
    fd_closep(&serving->signal_fd);
}

const struct part part_signals = {.start = start_signals, .stop = stop_signals};

/* ---- the user without privileges, for good; before there are threads ---- */

/* A worker that can run nothing would take what others can run, and fail it. */
static int check_languages(const struct serving *serving, struct error *err)
{
    if (registry_available(serving->engine.registry) > 0 || !serving->role->shares_store)
        return 0;
    return error_set(err, -ENOENT, "no language can be run here; evalx languages --all says what is missing");
}

static int start_settle(struct serving *serving, struct error *err)
{
    int r = engine_settle(serving->config, &serving->engine, err); /* asks for the toolchains, in a box */
    if (r == 0)
        r = check_languages(serving, err);
    return r == 0 ? state_check(serving->config->state_dir, &serving->engine.identity, err) : r;
}

const struct part part_settle = {.start = start_settle};

static int start_user(struct serving *serving, struct error *err)
{
    return privileges_drop(&serving->engine.identity, err);
}

const struct part part_user = {.start = start_user};

/* ---- the API keys; as the user who will read them again ---- */

static int start_keys(struct serving *serving, struct error *err)
{
    const char *path = serving->config->auth_keys;
    int r = path[0] != '\0' ? keys_open(path, &serving->keys, err) : 0;
    return r == -EACCES ? error_wrap(err, r, "the user %s must be able to read it, to read it again on SIGHUP",
                                     serving->engine.identity.name)
                        : r;
}

static void stop_keys(struct serving *serving)
{
    keys_free(STEAL(serving->keys));
}

const struct part part_keys = {.start = start_keys, .stop = stop_keys};

/* ---- the store ---- */

static void count_store_error(void *context, const char *verb, int code)
{
    (void)code;
    metrics_add(context, METRIC_STORE_ERRORS, 1, verb, NULL);
}

static void show_no_store_errors(struct metrics *metrics)
{
#define TOUCH(verb) metrics_touch(metrics, METRIC_STORE_ERRORS, #verb, NULL);
    STORE_VERBS(TOUCH)
#undef TOUCH
}

static int start_store(struct serving *serving, struct error *err)
{
    const struct config *config = serving->config;
    struct store_config store = {.lease_ms = config->store_lease_ms,
                                 .retention_ms = config->store_retention_ms,
                                 .max_depth = config->queue_max_depth,
                                 .failed = count_store_error,
                                 .failed_context = serving->metrics};
    show_no_store_errors(serving->metrics);

    int r = store_open(config->store_url, &store, &serving->store, err);
    if (r == 0 && store_warning(serving->store))
        log_warn("store.warning", LOG_STR("message", store_warning(serving->store)));
    return r;
}

static void stop_store(struct serving *serving)
{
    store_close(serving->store);
    serving->store = NULL;
}

const struct part part_store = {.start = start_store, .stop = stop_store};

/* ---- webhooks; after the store, and after the user because they may have a secret to write ---- */

static int start_webhook(struct serving *serving, struct error *err)
{
    const struct hooks_surroundings around = {.store = serving->store,
                                              .keys = serving->keys,
                                              .metrics = serving->metrics,
                                              .local = !serving->role->shares_store};
    return hooks_start(serving->config, &around, &serving->hooks, err);
}

/* After the worker has been drained, so that what it completed goes out if it goes quickly. */
static void stop_webhook(struct serving *serving)
{
    hooks_stop(&serving->hooks, WEBHOOK_GRACE_MS);
}

const struct part part_webhook = {.start = start_webhook, .stop = stop_webhook};

/* ---- the worker; after jail, user and store ---- */

static int start_worker(struct serving *serving, struct error *err)
{
    _cleanup_(freep) char *artifacts = xasprintf("%s/artifacts", serving->config->state_dir);
    char host[64] = "localhost";
    gethostname(host, sizeof(host) - 1);
    _cleanup_(freep) char *name = xasprintf("%s-%d-%" PRId64, host, getpid(), clock_realtime_ms());

    int r = engine_execute(serving->config, &serving->engine, artifacts, err);
    if (r < 0 || serving->config->queue_paused)
        return r;
    struct worker_config worker = {
        .store = serving->store,
        .executor = serving->engine.executor,
        .registry = serving->engine.registry,
        .name = name,
        .lease_ms = serving->config->store_lease_ms,
        .metrics = serving->metrics,
        .crash_wait_ms = serving->config->hints_crash_wait_ms,
        .adviser = advice_adviser(serving->config, serving->llm),
    };
    return worker_start(&worker, &serving->worker, err);
}

static void drain_worker(struct serving *serving, int64_t grace_ms)
{
    worker_stop(STEAL(serving->worker), grace_ms);
}

static void stop_executor(struct serving *serving)
{
    executor_free(STEAL(serving->engine.executor));
}

const struct part part_worker = {.start = start_worker, .drain = drain_worker, .stop = stop_executor};

/* ---- HTTP, last: nothing is accepted before it could be run ---- */

static void configure_http(const struct config *config, struct http_config *http)
{
    http->listen = config->listen;
    http->cors = config->api_cors;
    http->max_body = (size_t)config->api_max_body;
    http->max_header = (size_t)config->api_max_header;
    http->max_buffered = (size_t)config->api_max_buffered;
    http->max_connections = (unsigned)config->api_max_connections;
    http->max_connections_per_ip = (unsigned)config->api_max_connections_per_ip;
    http->header_ms = config->api_header_timeout_ms;
    http->body_ms = config->api_body_timeout_ms;
    http->body_min_rate = config->api_body_min_rate;
    http->idle_ms = config->api_idle_timeout_ms;
    http->write_ms = config->api_write_timeout_ms;
    http->stream_ping_ms = config->api_stream_ping_ms;
    http->handler_threads = (unsigned)config->api_handler_threads;
}

static int start_http(struct serving *serving, enum api_routes routes, struct error *err)
{
    const struct config *config = serving->config;
    struct api_config api = api_config_default();

    api.routes = routes;
    api.store = serving->store;
    api.registry = serving->engine.registry;
    api.metrics = serving->metrics;
    api.keys = serving->keys;
    api.defaults = config->limits;
    api.caps = config->max_limits;
    api.webhook_mistake = hooks_mistake;
    api.webhook_context = &serving->hooks;
    configure_http(config, &api.http);
    return api_start(&api, &serving->api, err);
}

static int start_api(struct serving *serving, struct error *err)
{
    return start_http(serving, API_ROUTES_ALL, err);
}

static int start_health(struct serving *serving, struct error *err)
{
    return start_http(serving, API_ROUTES_HEALTH, err);
}

static void drain_api(struct serving *serving, int64_t grace_ms)
{
    (void)grace_ms;
    if (serving->api != NULL)
        api_drain(serving->api);
}

static void stop_api(struct serving *serving)
{
    api_stop(STEAL(serving->api), API_GRACE_MS);
}

const struct part part_api = {.start = start_api, .drain = drain_api, .stop = stop_api};
const struct part part_health = {.start = start_health, .drain = drain_api, .stop = stop_api};
