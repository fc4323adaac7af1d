/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c: see hooks.h. */
#include "cli/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/payload.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/value.h"

enum { SECRET_TEXT_MAX = 256 };

char *hooks_secret_path(const struct config *config)
{
    return xasprintf("%s/webhook.secret", config->state_dir);
}

static int add_secret(struct secrets *secrets, const char *text, const char *where, struct error *err)
{
    if (secrets->count == SECRETS_MAX)
        return error_set(err, -EINVAL, "%s: at most %d secrets can be in force", where, SECRETS_MAX);
    int r = secret_parse(text, &secrets->items[secrets->count], err);
    if (r < 0)
        return error_wrap(err, r, "%s", where);
    secrets->count++;
    return 0;
}

/* 1 when it was there. */
static int read_secret(const char *path, struct secrets *ret, struct error *err)
{
    char text[SECRET_TEXT_MAX] = "";
    _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, -errno, "webhook.secret: %s", path);
    if (read(fd, text, sizeof(text) - 1) < 0)
        return error_errno(err, -errno, "webhook.secret: %s", path);
    text[strcspn(text, "\r\n")] = '\0';
    int r = add_secret(ret, text, path, err);
    explicit_bzero(text, sizeof(text));
    return r < 0 ? r : 1;
}

/* Written aside and renamed into place: a crash leaves a whole one or none. */
static int make_secret(const char *path, struct error *err)
{
    _cleanup_(freep) char *aside = xasprintf("%s.new", path);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    secret_new(&text);
    buf_append_char(&text, '\n');
    _cleanup_(fd_closep) int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = fd < 0 ? -errno : fd_write_full(fd, text.data, text.len);
    if (r == 0 && (fsync(fd) < 0 || rename(aside, path) < 0))
        r = -errno;
    explicit_bzero(text.data, text.len);
    return r < 0 ? error_errno(err, r, "webhook.secret: writing %s", path) : 0;
}

int hooks_secrets(const struct config *config, bool make, struct secrets *ret, struct error *err)
{
    struct secrets secrets = {0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < config->webhook_secret.count; i++)
        r = add_secret(&secrets, config->webhook_secret.items[i], "webhook.secret", err);
    if (r == 0 && secrets.count == 0) {
        _cleanup_(freep) char *path = hooks_secret_path(config);
        r = read_secret(path, &secrets, err);
        if (r == 0 && make) {
            r = make_secret(path, err);
            r = r == 0 ? read_secret(path, &secrets, err) : r;
        }
    }
    if (r >= 0)
        *ret = secrets;
    explicit_bzero(&secrets, sizeof(secrets));
    return MIN(r, 0);
}

static int read_policy(const struct config *config, struct webhook_policy *ret, struct error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < config->webhook_allow.count; i++)
        r = guard_allow(&ret->guard, config->webhook_allow.items[i], err);
    ret->hosts = (const char *const *)config->webhook_allow_hosts.items;
    ret->host_count = config->webhook_allow_hosts.count;
    if (r < 0)
        return error_wrap(err, r, "webhook.allow");
    for (size_t i = 0; i < ret->host_count; i++)
        if (!webhook_host_pattern_valid(ret->hosts[i]))
            return error_set(
                err, -EINVAL,
                "webhook.allow_hosts: \"%s\" is no host such as hooks.example.com or *.example.com (without "
                "scheme, port and path)",
                ret->hosts[i]);
    return 0;
}

static int read_retries(const struct config *config, struct retry_schedule *ret, struct error *err)
{
    const struct string_list *list = &config->webhook_retry;
    if (list->count > RETRIES_MAX)
        return error_set(err, -EINVAL, "webhook.retry: at most %d times can be given", RETRIES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        int r = value_duration(list->items[i], &ret->delays_ms[i], err);
        if (r < 0)
            return error_wrap(err, r, "webhook.retry");
    }
    ret->count = list->count;
    return 0;
}

/*
 * The secrets of a key, "whsec_new,whsec_old" while they are changed over. True with none when they cannot be used: a receiver that
 * expects its own signature must not get another's.
 */
static bool secrets_of_key(void *context, const char *owner, struct secrets *ret)
{
    char *text = keys_webhook_secret(context, owner);
    if (!text)
        return false;
    if (secrets_parse(text, ret, NULL) < 0)
        log_error("webhook.key_secret", LOG_STR("owner", owner),
                  LOG_STR("message", "its webhook_secret is no whsec_… secret: nothing of it is sent"));
    explicit_bzero(text, strlen(text));
    free(text);
    return true;
}

static int start_dispatcher(const struct config *config, const struct hooks_surroundings *around, struct hooks *hooks,
                            struct error *err)
{
    char host[64] = "localhost";
    gethostname(host, sizeof(host) - 1);
    _cleanup_(freep) char *name = xasprintf("%s-%d-%" PRId64, host, getpid(), clock_realtime_ms());
    struct webhook_config webhook = {
        .store = around->store,
        .metrics = around->metrics,
        .name = name,
        .secrets = hooks->secrets,
        .secrets_of = around->keys ? secrets_of_key : NULL,
        .secrets_context = around->keys,
        .render = payload_render,
        .policy = &hooks->policy,
        .connect_timeout_ms = config->webhook_connect_timeout_ms,
        .timeout_ms = config->webhook_timeout_ms,
        .max_in_flight = (unsigned)config->webhook_max_in_flight,
        .per_host = (unsigned)config->webhook_per_host,
        .ca_file = config->webhook_ca_file,
    };
    int r = read_retries(config, &webhook.retry, err);
    if (r == 0 && (hooks->secrets.count > 0 || hooks->keys))
        r = webhook_start(&webhook, &hooks->dispatcher, err);
    explicit_bzero(&webhook.secrets, sizeof(webhook.secrets));
    return r;
}

static void tell_unsigned(const struct hooks *hooks)
{
    if (hooks->keys)
        log_warn("webhook.keys_only",
                 LOG_STR("message", "no webhook.secret is set: webhook_url is refused unless it comes with an API key "
                                    "that has a webhook_secret"));
    else
        log_warn("webhook.off",
                 LOG_STR("message", "no webhook.secret is set, so webhooks cannot be signed: webhook_url is "
                                    "refused and nothing is sent from here"));
}

int hooks_start(const struct config *config, const struct hooks_surroundings *around, struct hooks *ret,
                struct error *err)
{
    int r = read_policy(config, &ret->policy, err);
    if (r == 0 && *config->webhook_ca_file && access(config->webhook_ca_file, R_OK) < 0)
        r = error_errno(err, -errno, "webhook.ca_file: %s", config->webhook_ca_file);
    if (r == 0)
        r = hooks_secrets(config, around->local, &ret->secrets, err);
    ret->keys = around->keys;
    if (r == 0 && ret->secrets.count == 0)
        tell_unsigned(ret);
    if (r == 0 && config->webhook_dispatch)
        r = start_dispatcher(config, around, ret, err);
    return r;
}

void hooks_stop(struct hooks *hooks, int64_t grace_ms)
{
    webhook_stop(STEAL(hooks->dispatcher), grace_ms);
    guard_release(&hooks->policy.guard);
    explicit_bzero(&hooks->secrets, sizeof(hooks->secrets));
}

static bool has_own_secret(const struct hooks *hooks, const char *owner)
{
    char *text = hooks->keys && *owner ? keys_webhook_secret(hooks->keys, owner) : NULL;
    bool found = text != NULL;
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    return found;
}

const char *hooks_mistake(void *context, const char *owner, const char *url)
{
    const struct hooks *hooks = context;
    if (hooks->secrets.count == 0 && !has_own_secret(hooks, owner))
        return "cannot be served: no secret to sign with is set on this server (webhook.secret), nor for this API key";
    return webhook_policy_mistake(&hooks->policy, url);
}
