/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_serve.c: evalx serve: API, worker and store in one process, around the one evalx-jail process that holds the privileges.
 *
 * Order of the start: state folder and its lock (root) → jail (root, one thread) → user without privileges, for good → toolchains, asked
 * in a box → store, executor, worker → API last, so that nothing is accepted before it could be run. The main thread then only waits:
 * for a signal (all are blocked before the first thread exists, so only signalfd sees them) or for the jail's death.
 *
 * Order of the end on SIGTERM or SIGINT: the API refuses new submissions, the worker finishes or hands back within
 * shutdown_grace, the API answers whoever still waits, then the store closes. A second signal ends the process at once. That, a kill -9 and the
 * jail's death lose nothing: what was acknowledged is in the store, and leases lapse.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/state.h"
#include "store/store.h"
#include "worker/worker.h"

enum { DESCRIPTORS_WANTED = 65536, API_GRACE_MS = 2000, TRIM_EVERY_MS = 10000, TRIM_AFTER_CPU_MS = 20 };

struct serving {
    const struct config *config;
    struct engine engine;
    struct store *store;
    struct worker *worker;
    struct api *api;
    int lock_fd, signal_fd;
};

static void setup_log(const struct config *config)
{
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    enum log_level level = LOG_INFO;

    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcmp(config->log_level, levels[i]) == 0)
            level = (enum log_level)i;
    log_setup(strcmp(config->log_format, "text") == 0 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON, level);
}

/* Thousands of waiting clients need descriptors; the jail's programs get limits of their own. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)DESCRIPTORS_WANTED);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int block_signals(struct error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_errno(err, -errno, "blocking signals");
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    return fd >= 0 ? fd : error_errno(err, -errno, "signalfd");
}

/* From here on the next SIGTERM or SIGINT ends the process at once. */
static void unblock_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int open_engine(struct serving *serving, struct error *err)
{
    const struct config *config = serving->config;
    struct identity identity;

    int r = identity_find(config->user, &identity, err);
    if (r == 0)
        r = state_prepare(config->state_dir, &identity, err);
    if (r == 0)
        r = serving->lock_fd = state_lock(config->state_dir, err);
    if (r >= 0)
        r = engine_open(config, &serving->engine, err);
    if (r == 0)
        r = serving->signal_fd = block_signals(err);
    if (r >= 0)
        r = engine_settle(config, &serving->engine, err);
    if (r == 0)
        r = state_check(config->state_dir, &serving->engine.identity, err);
    return r;
}

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
    };
    return worker_start(&worker, &serving->worker, err);
}

static int start_api(struct serving *serving, struct error *err)
{
    const struct config *config = serving->config;
    struct api_config api = api_config_default();

    api.store = serving->store;
    api.registry = serving->engine.registry;
    api.defaults = config->limits;
    api.caps = config->max_limits;
    api.http.listen = config->listen;
    api.http.cors = config->api_cors;
    api.http.max_body = (size_t)config->api_max_body;
    api.http.max_header = (size_t)config->api_max_header;
    api.http.max_buffered = (size_t)config->api_max_buffered;
    api.http.max_connections = (unsigned)config->api_max_connections;
    api.http.max_connections_per_ip = (unsigned)config->api_max_connections_per_ip;
    api.http.header_ms = config->api_header_timeout_ms;
    api.http.body_ms = config->api_body_timeout_ms;
    api.http.body_min_rate = config->api_body_min_rate;
    api.http.idle_ms = config->api_idle_timeout_ms;
    api.http.write_ms = config->api_write_timeout_ms;
    api.http.stream_ping_ms = config->api_stream_ping_ms;
    api.http.handler_threads = (unsigned)config->api_handler_threads;
    return api_start(&api, &serving->api, err);
}

static int start(struct serving *serving, struct error *err)
{
    const struct config *config = serving->config;
    struct store_config store = {.lease_ms = config->store_lease_ms,
                                 .retention_ms = config->store_retention_ms,
                                 .max_depth = config->queue_max_depth};

    int r = open_engine(serving, err);
    if (r >= 0)
        r = store_open(config->store_url, &store, &serving->store, err);
    if (r >= 0)
        r = start_worker(serving, err);
    if (r >= 0)
        r = start_api(serving, err);
    return r;
}

static void announce(const struct serving *serving)
{
    const char *address = api_address(serving->api);
    size_t available = 0;

    for (size_t i = 0; i < registry_count(serving->engine.registry); i++)
        available += registry_at(serving->engine.registry, i)->available;
    log_info("serve.ready", LOG_STR("address", address), LOG_INT("slots", serving->config->slots),
             LOG_INT("languages", (int64_t)available), LOG_STR("state_dir", serving->config->state_dir),
             LOG_STR("user", serving->engine.identity.name),
             LOG_INT("cgroup", jail_cgroup_version(serving->engine.jail)), LOG_STR("version", EVALX_VERSION));
    if (serving->engine.identity.uid == 0)
        log_warn("serve.privileged", LOG_STR("message", "serving as root, as asked for; name another --user"));
    if (isatty(STDOUT_FILENO))
        printf("evalx %s serves on %s%s\n", EVALX_VERSION, strncmp(address, "unix:", 5) == 0 ? "" : "http://", address);
    fflush(stdout);
}

static int64_t cpu_ms(void)
{
    struct timespec used = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * INT64_C(1000) + used.tv_nsec / 1000000;
}

/* Free pages between blocks that are in use go back to the system, if anything was done since the last time. */
static void trim_memory(int64_t *trimmed_at)
{
    if (cpu_ms() - *trimmed_at < TRIM_AFTER_CPU_MS)
        return;
    malloc_trim(0);
    *trimmed_at = cpu_ms();
}

/* Waits for the end: true for a signal, false when the jail has died. */
static bool wait_for_end(const struct serving *serving)
{
    struct pollfd fds[] = {
        {.fd = serving->signal_fd, .events = POLLIN},
        {.fd = jail_death_fd(serving->engine.jail), .events = POLLIN},
    };

    int64_t trimmed_at = 0;

    for (;;) {
        int ready = poll(fds, ARRAY_LEN(fds), TRIM_EVERY_MS);
        if (ready == 0)
            trim_memory(&trimmed_at);
        if (ready <= 0)
            continue;
        if (fds[1].revents != 0)
            return false;
        struct signalfd_siginfo info = {0};
        if (fds[0].revents != 0 && read(serving->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
            log_info("serve.stopping", LOG_STR("signal", box_signal_name((int)info.ssi_signo)),
                     LOG_INT("grace_ms", serving->config->shutdown_grace_ms));
            return true;
        }
    }
}

/* In any state of the start. */
static void stop(struct serving *serving, int64_t grace_ms)
{
    if (serving->api != NULL)
        api_drain(serving->api);
    if (serving->worker != NULL)
        worker_stop(serving->worker, grace_ms);
    api_stop(serving->api, API_GRACE_MS);
    executor_free(STEAL(serving->engine.executor));
    store_close(serving->store);
    engine_close(&serving->engine);
    fd_closep(&serving->signal_fd);
    fd_closep(&serving->lock_fd);
}

static void log_warnings(const struct config *config)
{
    for (size_t i = 0; i < config->warnings.count; i++)
        log_warn("config.warning", LOG_STR("message", config->warnings.items[i]));
}

static int run_serve(struct invocation *invocation)
{
    struct serving serving = {.config = &invocation->config, .lock_fd = -1, .signal_fd = -1};
    struct error err = ERROR_INIT;

    setup_log(serving.config);
    log_warnings(serving.config);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    if (start(&serving, &err) < 0) {
        log_error("serve.failed", LOG_STR("message", err.message));
        stop(&serving, 0);
        return EXIT_ENGINE;
    }
    announce(&serving);
    if (!wait_for_end(&serving)) {
        /* No clean end: what runs now must not be reported as anything. Its leases lapse, the next start runs it again. */
        log_error("serve.jail_died",
                  LOG_STR("message", "the sandbox process has ended; unfinished submissions stay queued"));
        _Exit(EXIT_ENGINE);
    }
    unblock_signals();
    stop(&serving, serving.config->shutdown_grace_ms);
    log_info("serve.stopped");
    return EXIT_OK;
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[options]",
    .summary = "serve the HTTP API and run what it is given",
    .description = "One machine, no other server: queue and results live in the state folder (SQLite). Needs root to "
                   "start, for the\n"
                   "sandbox; the process that speaks HTTP then becomes an ordinary user. SIGTERM stops it gracefully.",
    .uses_config = true,
    .tells_warnings = true,
    .run = run_serve,
};
