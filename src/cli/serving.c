/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serving.c: the life of a long-running role: parts up, wait, parts down. The main thread only waits: for a signal (all are blocked
 * before the first thread exists, so only signalfd sees them) or for the jail's death.
 *
 * The end on SIGTERM or SIGINT: first, for shutdown_delay, only /readyz says so, for load balancers to look elsewhere; then the
 * API refuses new submissions and the worker finishes or hands back within shutdown_grace; then whoever still waits is answered,
 * and the store closes. A second signal ends the process at once. That, a kill -9 and the jail's death lose nothing: what was
 * acknowledged is in the store, and leases lapse.
 */
#include "cli/serving.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { DESCRIPTORS_WANTED = 65536, TIDY_EVERY_MS = 10000, TRIM_AFTER_CPU_MS = 20 };

/* ---- before the parts ---- */

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

static void log_warnings(const struct config *config)
{
    for (size_t i = 0; i < config->warnings.count; i++)
        log_warn("config.warning", LOG_STR("message", config->warnings.items[i]));
}

/* "serve.ready" for the role serve; the caller frees. */
static char *event_of(const struct serving *serving, const char *what)
{
    return xasprintf("%s.%s", serving->role->name, what);
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

/* From here on the next SIGTERM or SIGINT ends the process at once. */
static void unblock_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- up and down ---- */

static int check_store(const struct serving *serving, struct error *err)
{
    if (!serving->role->shares_store || store_url_shared(serving->config->store_url))
        return 0;
    return error_set(
        err, -EINVAL,
        "store.url: evalx %s works together with other processes and needs a store that they share, such as "
        "redis://HOST:6379; sqlite: is for evalx serve, which is everything in one process",
        serving->role->name);
}

static int start(struct serving *serving, struct error *err)
{
    int r = check_store(serving, err);

    for (const struct part *const *part = serving->role->parts; r >= 0 && *part != NULL; part++)
        r = (*part)->start(serving, err);
    return r;
}

/* In any state of the start. */
static void stop(struct serving *serving, int64_t grace_ms)
{
    const struct part *const *parts = serving->role->parts;
    size_t count = 0;

    while (parts[count] != NULL)
        count++;
    for (size_t i = count; i-- > 0;)
        if (parts[i]->drain != NULL)
            parts[i]->drain(serving, grace_ms);
    for (size_t i = count; i-- > 0;)
        if (parts[i]->stop != NULL)
            parts[i]->stop(serving);
}

static void log_ready(const struct serving *serving, const char *address)
{
    const struct engine *engine = &serving->engine;
    _cleanup_(freep) char *event = event_of(serving, "ready");
    struct log_field fields[8] = {LOG_STR("address", address), LOG_STR("user", engine->identity.name),
                                  LOG_STR("version", EVALX_VERSION)};
    size_t count = 3;

    if (engine->registry != NULL)
        fields[count++] = LOG_INT("languages", (int64_t)registry_available(engine->registry));
    if (engine->jail != NULL) {
        fields[count++] = LOG_INT("slots", serving->config->slots);
        fields[count++] = LOG_STR("state_dir", serving->config->state_dir);
        fields[count++] = LOG_INT("cgroup", jail_cgroup_version(engine->jail));
    }
    log_write(LOG_INFO, __FILE_NAME__, __LINE__, event, fields, count);
}

static void announce(const struct serving *serving)
{
    const char *address = api_address(serving->api), *scheme = strncmp(address, "unix:", 5) == 0 ? "" : "http://";

    log_ready(serving, address);
    if (serving->engine.identity.uid == 0) {
        _cleanup_(freep) char *event = event_of(serving, "privileged");
        log_warn(event, LOG_STR("message", "serving as root, as asked for; name another --user"));
    }
    if (isatty(STDOUT_FILENO))
        printf("evalx %s: %s on %s%s\n", EVALX_VERSION, serving->role->name, scheme, address);
    fflush(stdout);
}

/* ---- waiting ---- */

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

/* The next signal within timeout_ms; 0: none came; -1: the jail has died. */
static int next_signal(const struct serving *serving, int timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = serving->signal_fd, .events = POLLIN},
        {.fd = serving->engine.jail != NULL ? jail_death_fd(serving->engine.jail) : -1, .events = POLLIN},
    };
    struct signalfd_siginfo info = {0};

    if (poll(fds, ARRAY_LEN(fds), timeout_ms) <= 0)
        return 0;
    if (fds[1].revents != 0)
        return -1;
    if (fds[0].revents == 0 || read(serving->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    return (int)info.ssi_signo;
}

/* SIGHUP. A file with a mistake changes nothing. */
static void reload_keys(const struct serving *serving)
{
    struct error err = ERROR_INIT;

    if (keys_reload(serving->keys, &err) < 0)
        log_error("keys.not_reloaded", LOG_STR("message", err.message));
    else
        log_info("keys.reloaded", LOG_INT("keys", (int64_t)keys_count(serving->keys)));
}

/* As next_signal, of those that end the process; the others are seen to. */
static int next_end(const struct serving *serving, int timeout_ms)
{
    int number = next_signal(serving, timeout_ms);

    if (number == SIGHUP)
        reload_keys(serving);
    return number == SIGHUP ? 0 : number;
}

/* In a container evalx is process 1, and whoever loses its parent there becomes its child: such are waited for, the jail is not. */
static void reap_orphans(const struct serving *serving)
{
    pid_t jail = serving->engine.jail != NULL ? jail_process(serving->engine.jail) : 0;
    siginfo_t info = {0};

    while (getpid() == 1 && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 &&
           info.si_pid != jail) {
        waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

/* The signal that ends the process, or -1 when the jail has died. */
static int wait_for_end(const struct serving *serving)
{
    int64_t trimmed_at = 0;

    for (;;) {
        int number = next_end(serving, TIDY_EVERY_MS);
        if (number != 0)
            return number;
        trim_memory(&trimmed_at);
        reap_orphans(serving);
    }
}

/* Not ready any more, but serving: false when the jail has died meanwhile. Another signal cuts it short. */
static bool leave(const struct serving *serving)
{
    int64_t until_ns = clock_monotonic_ns() + serving->config->shutdown_delay_ms * NS_PER_MS;
    int number = 0;

    api_leave(serving->api);
    for (int64_t left_ns; number == 0 && (left_ns = until_ns - clock_monotonic_ns()) > 0;)
        number = next_end(serving, (int)(left_ns / NS_PER_MS) + 1);
    return number >= 0;
}

/* No clean end: what runs now must not be reported as anything. Its leases lapse, the next start runs it again. */
static int jail_died(const struct serving *serving)
{
    _cleanup_(freep) char *event = event_of(serving, "jail_died");
    log_error(event, LOG_STR("message", "the sandbox process has ended; unfinished submissions stay queued"));
    _Exit(EXIT_ENGINE);
}

static int run_and_end(struct serving *serving)
{
    _cleanup_(freep) char *stopping = event_of(serving, "stopping"), *stopped = event_of(serving, "stopped");
    int number = wait_for_end(serving);

    if (number < 0)
        return jail_died(serving);
    log_info(stopping, LOG_STR("signal", signal_name(number)), LOG_INT("delay_ms", serving->config->shutdown_delay_ms),
             LOG_INT("grace_ms", serving->config->shutdown_grace_ms));
    if (!leave(serving))
        return jail_died(serving);
    unblock_signals();
    stop(serving, serving->config->shutdown_grace_ms);
    log_info(stopped);
    return EXIT_OK;
}

int serving_run(const struct role *role, const struct config *config)
{
    struct serving serving = {.config = config, .role = role, .lock_fd = -1, .signal_fd = -1};
    struct error err = ERROR_INIT;

    setup_log(config);
    log_warnings(config);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    if (start(&serving, &err) < 0) {
        _cleanup_(freep) char *event = event_of(&serving, "failed");
        log_error(event, LOG_STR("message", err.message));
        stop(&serving, 0);
        return EXIT_ENGINE;
    }
    announce(&serving);
    return run_and_end(&serving);
}
