/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: picks the backend by the URL's scheme and passes every verb on to it, after the checks that hold for all of them.
 *
 * The theory of the room. A store is three things at once: a queue (submit, claim, renew, release), a keeper of results
 * (complete, get, forget, retention) and a notice board (watch). store.h is the whole contract; backend.h is the seam; the
 * backends differ only in where the bytes live:
 *   sqlite*.c  one file, one process: the default. See sqlite.c for its threads and why a crash loses nothing.
 *   redis*.c   a Redis or Valkey server, any number of processes around it. See redis.c.
 * watch.c holds the watchers, shared by all backends: a backend says "this token changed" and never what changed, so that a
 * watcher always reads the truth with store_get and a lost or doubled call cannot tell it anything false.
 */
#include "store/store.h"

#include <errno.h>

#include "model/submission.h"
#include "store/backend.h"

static const struct {
    const char *scheme;
    store_open_fn *open;
    bool shared;            /* several processes may open it */
    store_open_fn *inspect; /* NULL: by opening it */
} backends[] = {
    {"sqlite", sqlite_store_open, false, sqlite_store_inspect},
    {"redis", redis_store_open, true, NULL},
    {"rediss", redis_store_open, true, NULL},
    {"redis+unix", redis_store_open, true, NULL},
};

static int check_config(const struct store_config *config, struct error *err)
{
    const struct {
        const char *name;
        int64_t value;
    } positive[] = {
        {"lease", config->lease_ms},
        {"retention", config->retention_ms},
        {"max_depth", config->max_depth},
    };
    for (size_t i = 0; i < ARRAY_LEN(positive); i++)
        if (positive[i].value <= 0)
            return error_set(err, -EINVAL, "store: %s must be positive, not %lld", positive[i].name,
                             (long long)positive[i].value);
    return 0;
}

bool store_url_shared(const char *url)
{
    const char *colon = strchr(url, ':');
    for (size_t i = 0; colon && i < ARRAY_LEN(backends); i++)
        if (str_is((struct str){.data = url, .len = (size_t)(colon - url)}, backends[i].scheme))
            return backends[i].shared;
    return true; /* of a kind that store_open knows more about */
}

static int open_as(const char *url, const struct store_config *config, bool inspect, struct store **ret,
                   struct error *err)
{
    const char *colon = strchr(url, ':');
    size_t len = colon ? (size_t)(colon - url) : 0;
    for (size_t i = 0; colon && i < ARRAY_LEN(backends); i++) {
        if (!str_is((struct str){.data = url, .len = len}, backends[i].scheme))
            continue;
        struct watch_table *watches = watch_table_new();
        store_open_fn *open = inspect && backends[i].inspect ? backends[i].inspect : backends[i].open;
        int r = open(backends[i].scheme, colon + 1, config, watches, ret, err);
        if (r < 0) {
            watch_table_free(watches);
            return error_wrap(err, r, "store");
        }
        return 0;
    }
    return error_set(err, -EINVAL,
                     "store: unknown kind of store \"%.*s\": there are sqlite:PATH and redis://HOST[:PORT][/DATABASE]",
                     colon ? (int)len : (int)MIN(strlen(url), 64), url);
}

int store_open(const char *url, const struct store_config *config, struct store **ret, struct error *err)
{
    int r = check_config(config, err);
    if (r == 0)
        r = open_as(url, config, false, ret, err);
    if (r == 0) {
        (*ret)->failed = config->failed;
        (*ret)->failed_context = config->failed_context;
    }
    return r;
}

int store_inspect(const char *url, struct store **ret, struct error *err)
{
    const struct store_config config = {.lease_ms = 10000, .retention_ms = INT64_MAX / 2, .max_depth = INT64_MAX};
    return open_as(url, &config, true, ret, err);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    struct watch_table *watches = store->watches;
    char *warning = store->warning, *queue = store->queue;
    store->ops->close(store);
    watch_table_free(watches);
    free(warning);
    free(queue);
}

const char *store_queue(const struct store *store)
{
    return store->queue ? store->queue : "default";
}

const char *store_warning(const struct store *store)
{
    return store->warning;
}

int64_t store_rank(const struct store_submission *submission)
{
    return submission->created_ms - (int64_t)submission->priority * STORE_AGEING_MS;
}

int store_check_submission(const struct store_submission *submission)
{
    if (!token_valid(submission->token, strnlen(submission->token, sizeof(submission->token))))
        return -EINVAL;
    if (submission->priority < -SUBMISSION_PRIORITY_MAX || submission->priority > SUBMISSION_PRIORITY_MAX)
        return -EINVAL;
    if ((submission->idempotency_key && strlen(submission->idempotency_key) > STORE_KEY_MAX) ||
        (submission->owner && strlen(submission->owner) > STORE_OWNER_MAX) ||
        (submission->webhook_url && strlen(submission->webhook_url) > STORE_URL_MAX))
        return -EINVAL;
    return submission->webhook_events >= 1u << STORE_DELIVERY_KIND_COUNT ? -EINVAL : 0;
}

/* ---- the verbs; every answer of a backend passes tell() ---- */

/* An answer, if only a no: the store is there. */
static bool is_answer(int code)
{
    static const int answers[] = {-EAGAIN,   -ECANCELED, -ESTALE, -ENOENT, -EALREADY,
                                  -ENOTUNIQ, -EBUSY,     -EEXIST, -EDQUOT, -EINVAL};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        if (code == answers[i])
            return true;
    return code >= 0;
}

static int tell(const struct store *store, const char *verb, int code)
{
    if (store->failed && !is_answer(code))
        store->failed(store->failed_context, verb, code);
    return code;
}

#define ASK(store, verb, ...) tell(store, #verb, (store)->ops->verb(store, __VA_ARGS__))

/* A submit whose receipt is looked at on its way. */
struct told_submit {
    struct store *store;
    store_submit_fn *done;
    void *context;
};

static void submitted(void *context, const struct store_receipt *receipt)
{
    struct told_submit told = *(struct told_submit *)context;
    free(context);
    tell(told.store, "submit", receipt->code);
    told.done(told.context, receipt);
}

void store_submit(struct store *store, const struct store_submission *submission, store_submit_fn *done, void *context)
{
    if (!store->failed) {
        store->ops->submit(store, submission, done, context);
        return;
    }
    struct told_submit *told = xcalloc(1, sizeof *told);
    *told = (struct told_submit){.store = store, .done = done, .context = context};
    store->ops->submit(store, submission, submitted, told);
}

int store_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret)
{
    return ASK(store, claim, worker ? worker : "", timeout_ms, ret);
}

void store_interrupt(struct store *store)
{
    store->ops->interrupt(store);
}

int store_renew(struct store *store, const char *token, uint64_t fence)
{
    return ASK(store, renew, token, fence);
}

int store_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                   struct str data)
{
    return ASK(store, progress, token, fence, kind, index, data);
}

int store_complete(struct store *store, const char *token, uint64_t fence, enum status status, struct str result,
                   int64_t hold_ms)
{
    if (status != STATUS_COMPLETED && status != STATUS_FAILED)
        return -EINVAL;
    return ASK(store, complete, token, fence, status, result, MAX(hold_ms, 0));
}

int store_annotate(struct store *store, const char *token, struct str notes, bool last)
{
    return ASK(store, annotate, token, notes, last);
}

int store_release(struct store *store, const char *token, uint64_t fence)
{
    return ASK(store, release, token, fence);
}

int store_cancel(struct store *store, const char *token)
{
    return ASK(store, cancel, token);
}

int store_forget(struct store *store, const char *token)
{
    return ASK(store, forget, token);
}

int store_get(struct store *store, const char *token, struct store_record *ret)
{
    return ASK(store, get, token, ret);
}

int store_status(struct store *store, const char *token, enum status *ret)
{
    return ASK(store, status, token, ret);
}

void store_record_release(struct store_record *record)
{
    buf_release(&record->request);
    buf_release(&record->result);
    free(record->message);
    for (size_t i = 0; i < record->event_count; i++)
        buf_release(&record->events[i].data);
    free(record->events);
    buf_release(&record->notes);
    free(record->owner);
    store_delivery_state_release(&record->webhook);
    *record = (struct store_record){0};
}

struct store_watch *store_watch(struct store *store, const char *token, store_watch_fn *changed, void *context)
{
    return watch_add(store->watches, token, changed, context);
}

void store_unwatch(struct store *store, struct store_watch *watch)
{
    if (watch)
        watch_remove(store->watches, watch);
}

int store_depth(struct store *store, struct store_depth *ret)
{
    return ASK(store, depth, ret);
}

int store_ping(struct store *store)
{
    return tell(store, "ping", store->ops->ping(store));
}

int store_sweep(struct store *store, int64_t now_ms)
{
    return store->ops->sweep(store, now_ms);
}

int store_outbox_claim(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                       struct store_delivery *ret, size_t *ret_count)
{
    if (max == 0 || lease_ms <= 0)
        return -EINVAL;
    return ASK(store, outbox_claim, dispatcher ? dispatcher : "", lease_ms, timeout_ms, max, ret, ret_count);
}

int store_outbox_seal(struct store *store, const char *id, uint64_t fence, struct str body, struct buf *ret_body)
{
    struct delivery_key key;
    if (body.len == 0 || delivery_id_read(id, &key) < 0)
        return -EINVAL;
    return ASK(store, outbox_seal, &key, fence, body, ret_body);
}

int store_outbox_settle(struct store *store, const char *id, uint64_t fence, const struct store_settlement *settlement)
{
    struct delivery_key key;
    if (delivery_id_read(id, &key) < 0)
        return -EINVAL;
    return ASK(store, outbox_settle, &key, fence, settlement);
}

int store_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                      struct store_owed *ret, size_t *ret_count)
{
    if (status != STORE_OWED_PENDING && status != STORE_OWED_DEAD)
        return -EINVAL;
    return ASK(store, outbox_list, status, after, max, ret, ret_count);
}

int store_outbox_resend(struct store *store, const char *token)
{
    return ASK(store, outbox_resend, token);
}

int store_outbox_depth(struct store *store, struct store_outbox_depth *ret)
{
    return ASK(store, outbox_depth, ret);
}
