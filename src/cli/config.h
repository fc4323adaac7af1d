/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: every setting of evalx, in one table, and where its value came from.
 *
 * A value is the last of: built-in default < configuration file < environment (EVALX_ + the key in capitals, "." and "-" as "_")
 * < flag. struct config, the flags, `evalx config`, `evalx help serve` and the checks all fall out of CONFIG_KEYS; a new setting is one line.
 */
#ifndef EVALX_CLI_CONFIG_H
#define EVALX_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/limits.h"
#include "model/submission.h"

#define CONFIG_MS(seconds) ((seconds)*INT64_C(1000))
#define CONFIG_DAYS(days)  CONFIG_MS((days)*INT64_C(86400))
#define CONFIG_MIB(mib)    ((mib)*INT64_C(1048576))

/* clang-format off */
/*  type      member                  key                        default           least, most                    flag, its value, help */
#define CONFIG_KEYS(X) \
  X(STRING,   listen,                 "listen",                  "127.0.0.1:2358", 0, 0,                          "listen", "ADDRESS", "where HTTP is served: HOST:PORT or unix:PATH") \
  X(STRING,   state_dir,              "state_dir",               "",               0, 0,                          "state-dir", "DIR", "database and artifacts; default ./var, as root /var/lib/evalx") \
  X(STRING,   user,                   "user",                    "",               0, 0,                          "user", "NAME", "user to become once the sandbox runs; default evalx if it exists, else nobody") \
  X(INTEGER,  slots,                  "slots",                   "0",              0, 128,                        "slots", "N", "programs run at the same time; 0: one a core") \
  X(STRING,   store_url,              "store.url",               "",               0, 0,                          "store-url", "URL", "sqlite:PATH, by default evalx.db in the state folder; for api and worker one that is shared, redis://HOST:PORT") \
  X(DURATION, store_lease_ms,         "store.lease",             "10s",            100, CONFIG_MS(3600),          NULL, NULL, "how long a silent worker keeps its claim on a submission") \
  X(DURATION, store_retention_ms,     "store.retention",         "24h",            CONFIG_MS(1), CONFIG_DAYS(3650), NULL, NULL, "how long results are kept") \
  X(INTEGER,  queue_max_depth,        "queue.max_depth",         "100000",         1, 1000000000,                  NULL, NULL, "waiting submissions past which the API answers 503") \
  X(BOOL,     queue_paused,           "queue.paused",            "false",          0, 0,                          NULL, NULL, "accept submissions but run none (maintenance, benchmarks)") \
  X(DURATION, submission_max_time_ms, "submission.max_time",     "1h",            100, CONFIG_DAYS(1),             NULL, NULL, "how long after a submission's start its test cases may begin; those that have not are time_limit_exceeded") \
  X(SIZE,     output_keep,            "output.keep",             "1MiB",           1024, CONFIG_MIB(64),           NULL, NULL, "bytes of stdout and of stderr kept in a test case's result") \
  X(SIZE,     artifact_cache_size,    "artifact.cache_size",     "1GiB",           CONFIG_MIB(1), CONFIG_MIB(1048576), NULL, NULL, "compiled programs kept for the next submission of the same source") \
  X(BOOL,     api_cors,               "api.cors",                "true",           0, 0,                          NULL, NULL, "let web pages of any origin call the API") \
  X(SIZE,     api_max_body,           "api.max_body",            "16MiB",          1024, CONFIG_MIB(256),          NULL, NULL, "largest request body") \
  X(SIZE,     api_max_header,         "api.max_header",          "32KiB",          1024, CONFIG_MIB(1),            NULL, NULL, "largest request line and headers together") \
  X(INTEGER,  api_max_connections,    "api.max_connections",     "8192",           1, 100000,                      NULL, NULL, "connections open at the same time") \
  X(INTEGER,  api_max_connections_per_ip, "api.max_connections_per_ip", "4096",    1, 100000,                      NULL, NULL, "of one client address") \
  X(DURATION, api_header_timeout_ms,  "api.header_timeout",      "5s",            100, CONFIG_MS(600),           NULL, NULL, "to receive a request's headers, in all") \
  X(DURATION, api_body_timeout_ms,    "api.body_timeout",        "30s",            100, CONFIG_MS(3600),          NULL, NULL, "to receive a request's body, extended while api.body_min_rate is kept") \
  X(SIZE,     api_body_min_rate,      "api.body_min_rate",       "1KiB",          1, CONFIG_MIB(1024),           NULL, NULL, "bytes a second that a slow body must reach") \
  X(DURATION, api_idle_timeout_ms,    "api.idle_timeout",        "15s",            100, CONFIG_MS(3600),          NULL, NULL, "between two requests of one connection") \
  X(DURATION, api_write_timeout_ms,   "api.write_timeout",       "15s",            100, CONFIG_MS(3600),          NULL, NULL, "without progress while answering") \
  X(DURATION, api_stream_ping_ms,     "api.stream_ping",         "15s",            100, CONFIG_MS(3600),          NULL, NULL, "after which a silent event stream gets a comment line, so that proxies keep it open") \
  X(SIZE,     api_max_buffered,       "api.max_buffered",        "256MiB",         CONFIG_MIB(1), CONFIG_MIB(65536), NULL, NULL, "request bodies held in memory at one time; past it 503") \
  X(INTEGER,  api_handler_threads,    "api.handler_threads",     "4",              1, 64,                          NULL, NULL, "threads that answer requests (a waiting client needs none)") \
  X(STRING,   auth_keys,              "auth.keys",               "",               0, 0,                          NULL, NULL, "file of API keys, one a line as `evalx keys new` prints it; empty: no key is needed") \
  X(DURATION, shutdown_grace_ms,      "shutdown_grace",          "10s",            0, CONFIG_MS(3600),            "shutdown-grace", "DURATION", "what running submissions get to finish on SIGTERM; the others go back to the queue") \
  X(DURATION, shutdown_delay_ms,      "shutdown_delay",          "0s",             0, CONFIG_MS(3600),             NULL, NULL, "on SIGTERM, how long /readyz fails before anything else changes, for load balancers to look elsewhere") \
  X(LIST,     webhook_secret,         "webhook.secret",          "",               0, 0,                          NULL, NULL, "whsec_… that signs webhooks; two while they are changed over, the new one first; without one serve makes its own, webhook.secret in the state folder") \
  X(LIST,     webhook_allow,          "webhook.allow",           "",               0, 0,                          NULL, NULL, "ranges of addresses, such as 10.1.0.0/16, that webhooks may go to although they are not public") \
  X(LIST,     webhook_allow_hosts,    "webhook.allow_hosts",     "",               0, 0,                          NULL, NULL, "the only hosts that webhooks may name, such as hooks.example.com or *.example.com; empty: any") \
  X(LIST,     webhook_retry,          "webhook.retry",           "5s,30s,2m,10m,1h,6h", 0, 0,                     NULL, NULL, "how long after the first try that failed the next follows, after the second, …; then it is given up") \
  X(DURATION, webhook_connect_timeout_ms, "webhook.connect_timeout", "3s",         10, CONFIG_MS(300),            NULL, NULL, "to connect to a receiver") \
  X(DURATION, webhook_timeout_ms,     "webhook.timeout",         "10s",            10, CONFIG_MS(600),            NULL, NULL, "for a delivery in all, until the receiver has answered") \
  X(INTEGER,  webhook_max_in_flight,  "webhook.max_in_flight",   "512",            1, 8192,                       NULL, NULL, "deliveries in hand at one time: on their way, or about to be") \
  X(INTEGER,  webhook_per_host,       "webhook.per_host",        "32",             1, 8192,                       NULL, NULL, "of them on their way to one receiver") \
  X(STRING,   webhook_ca_file,        "webhook.ca_file",         "",               0, 0,                          NULL, NULL, "certificates that receivers are checked against; default: the system's") \
  X(BOOL,     webhook_dispatch,       "webhook.dispatch",        "true",           0, 0,                          NULL, NULL, "send webhooks from this process; false leaves them to others (--no-webhooks)") \
  X(CHOICE,   log_format,             "log.format",              "json",           0, 0,                          "log-format", "json|text", "form of the log lines on standard error") \
  X(CHOICE,   log_level,              "log.level",               "info",           0, 0,                          "log-level", "debug|info|warn|error", "least level that is logged") \
  X(STRING,   languages_dir,          "languages_dir",           "",               0, 0,                          "languages-dir", "DIR", "language definitions; default: those that came with evalx") \
  X(STRING,   hints_dir,              "hints.dir",              "",               0, 0,                          "hints-dir", "DIR", "rules for hints; default: those that came with evalx") \
  X(BOOL,     hints_enabled,          "hints.enabled",          "true",           0, 0,                          NULL, NULL, "false: results carry no hints") \
  X(BOOL,     hints_crash,            "hints.crash",             "true",           0, 0,                          NULL, NULL, "false: a C or C++ program that crashed is not run once more with sanitizers, to explain the crash") \
  X(INTEGER,  hints_crash_wait_ms,    "hints.crash.wait_ms",     "-1",             -1, 60000,                     NULL, NULL, "milliseconds that a webhook waits for what a crash came from; -1: 2000, but 0 while other work is queued") \
  X(STRING,   hints_ai_url,           "hints.ai.url",            "",               0, 0,                          NULL, NULL, "OpenAI-compatible chat/completions endpoint of a model that adds a hint, such as https://HOST/v1; empty: none is asked") \
  X(STRING,   hints_ai_model,         "hints.ai.model",          "",               0, 0,                          NULL, NULL, "the model's name there; must be given with hints.ai.url") \
  X(STRING,   hints_ai_key_file,      "hints.ai.key_file",       "",               0, 0,                          NULL, NULL, "file with the endpoint's key in its first line, not readable by others; empty: no key is sent") \
  X(DURATION, hints_ai_timeout_ms,    "hints.ai.timeout",        "15s",            100, CONFIG_MS(30),            NULL, NULL, "for the model's answer, in all") \
  X(INTEGER,  hints_ai_wait_ms,       "hints.ai.wait_ms",        "0",              0, 60000,                      NULL, NULL, "milliseconds that a webhook waits for the model's hint") \
  X(INTEGER,  hints_ai_rate,          "hints.ai.rate",           "60",             1, 100000,                     NULL, NULL, "calls of the model a minute from this process, at most") \
  X(INTEGER,  hints_ai_daily_budget,  "hints.ai.daily_budget",   "1000",           1, 100000000,                  NULL, NULL, "calls of the model a day (UTC) from this process, at most") \
  X(STRING,   sandbox_jail,           "sandbox.jail",            "",               0, 0,                          "jail", "FILE", "the evalx-jail program; default: the one that came with evalx") \
  X(INTEGER,  sandbox_uid_base,       "sandbox.uid_base",        "60600",          1, 2000000000,                  NULL, NULL, "slot N runs programs as this user and group id + N") \
  X(BOOL,     sandbox_allow_degraded, "sandbox.allow_degraded",  "false",          0, 0,                          NULL, NULL, "start without root as well, in a weaker sandbox; evalx doctor says what is weaker") \
  X(LIST,     sandbox_mounts,         "sandbox.mounts",          "",               0, 0,                          NULL, NULL, "more host paths that programs may read")
/* clang-format on */

enum config_type {
    CONFIG_STRING,
    CONFIG_CHOICE,
    CONFIG_BOOL,
    CONFIG_INTEGER,
    CONFIG_DURATION, /* int64_t milliseconds */
    CONFIG_SIZE,     /* int64_t bytes */
    CONFIG_LIMIT,    /* int64_t in the unit that the key's name ends in */
    CONFIG_LIST,
};

/* What each type is in C. */
#define CONFIG_C_STRING   char *
#define CONFIG_C_CHOICE   char *
#define CONFIG_C_BOOL     bool
#define CONFIG_C_INTEGER  int64_t
#define CONFIG_C_DURATION int64_t
#define CONFIG_C_SIZE     int64_t
#define CONFIG_C_LIST     struct string_list

#define CONFIG_KEY_ID(type, member, ...) CONFIG_KEY_##member,
#define CONFIG_LIMIT_ID(member, ...)     CONFIG_KEY_limit_##member, CONFIG_KEY_max_##member,
enum config_key_id { CONFIG_KEYS(CONFIG_KEY_ID) LIMITS(CONFIG_LIMIT_ID) CONFIG_KEY_COUNT };
#undef CONFIG_KEY_ID
#undef CONFIG_LIMIT_ID

enum config_source { CONFIG_FROM_DEFAULT, CONFIG_FROM_FILE, CONFIG_FROM_ENVIRONMENT, CONFIG_FROM_FLAG };

struct config {
#define CONFIG_MEMBER(type, member, ...) CONFIG_C_##type member;
    CONFIG_KEYS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
    struct limits limits;     /* limits.<field>: what a run gets when neither request nor language says otherwise */
    struct limits max_limits; /* limits.max_<field>: the most that a request may ask for */

    struct {
        enum config_source source;
        char *where; /* "evalx.yaml:3", "EVALX_SLOTS", "--slots"; NULL for defaults */
    } origins[CONFIG_KEY_COUNT];
    struct string_list warnings; /* for people: environment variables that mean nothing */
};

struct config_key {
    const char *name;
    enum config_type type;
    const char *fallback; /* as text */
    int64_t least, most;  /* of numbers */
    const char *flag;     /* without "--"; NULL: only through --set */
    const char *value;    /* of the flag, for help; the choices of CONFIG_CHOICE, separated by "|" */
    const char *help;
    size_t offset; /* in struct config */
};
extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/* A setting from the command line. */
struct config_override {
    const struct config_key *key;
    const char *value;
    const char *flag; /* as it was written, for messages */
};

struct config_sources {
    const char *file; /* --config; NULL: EVALX_CONFIG, ./evalx.yaml or /etc/evalx/evalx.yaml if there is one */
    const char *const *environment; /* NULL-terminated "NAME=value"; NULL: empty */
    const struct config_override *overrides;
    size_t override_count;
};

/* The whole way: defaults, file, environment, flags, then checks and what depends on the machine. Release it, also after a failure. */
int config_load(const struct config_sources *sources, struct config *ret, struct error *err);
void config_release(struct config *config);

const struct config_key *config_key_find(const char *name);    /* by dotted name; NULL */
const struct config_key *config_key_of_flag(const char *flag); /* NULL */
char *config_key_variable(const struct config_key *key);       /* "EVALX_STORE_URL"; the caller frees */
void config_print_value(const struct config *config, const struct config_key *key,
                        struct buf *out); /* as it can be written in a file */

/* ---- the steps, for config_load and its tests ---- */
int config_init(struct config *config,
                struct error *err); /* every key at its default; fails only when the table is wrong */
int config_set(struct config *config, const struct config_key *key, const char *const *values, size_t count,
               enum config_source source, const char *where, struct error *err);
int config_set_text(struct config *config, const struct config_key *key, const char *text, enum config_source source,
                    const char *where, struct error *err); /* a list is split at commas */
int config_read_file(struct config *config, const char *path, struct error *err);
int config_read_environment(struct config *config, const char *const *environment, struct error *err);
void config_cut_defaults(
    struct config *config); /* limits.<field> that nobody set go down to a lower limits.max_<field> */
int config_check(const struct config *config, struct error *err);

#endif
