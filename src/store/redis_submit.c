/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_submit.c: the submitters' threads: everything that callers have handed in goes to the server as one script, so that a crowd
 * shares one round trip and one sync of the server's log. While that is under way the next crowd gathers. There are two threads, so
 * that a large submission, which goes alone, does not stand in the way of all others.
 */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

enum {
    BATCH_MOST = 128,
    BATCH_BYTES = 4 << 20,         /* a script holds the server up while it runs */
    ALONE_BYTES = 1 << 20,         /* one of this size goes alone: it takes its time, which is not the others' */
    PENDING_BYTES_MAX = 256 << 20, /* handed in and not answered; past it submits are refused, not kept in memory */
};

static void free_submit(struct redis_submit *submit)
{
    buf_release(&submit->request);
    free(submit->key);
    free(submit->owner);
    free(submit->url);
    free(submit);
}

static char *copy(const char *text)
{
    return text && *text ? xstrdup(text) : NULL;
}

void redis_submit(struct store *store, const struct store_submission *submission, store_submit_fn *done, void *context)
{
    struct redis_store *s = redis_of(store);
    struct redis_submit *submit = xcalloc(1, sizeof(*submit));
    submit->done = done;
    submit->context = context;
    submit->deadline_ns = clock_monotonic_ns() + redis_budget(REDIS_QUICK_MS, submission->request.len) * NS_PER_MS;
    submit->refusal = store_check_submission(submission);
    pthread_mutex_lock(&s->lock);
    if (submit->refusal == 0 && s->submit_bytes + submission->request.len > PENDING_BYTES_MAX)
        submit->refusal = -EAGAIN;
    if (submit->refusal == 0) {
        submit->submission = *submission;
        submit->submission.request = (struct str){0};
        submit->submission.idempotency_key = submit->submission.owner = submit->submission.webhook_url = NULL;
        buf_append(&submit->request, submission->request.data, submission->request.len);
        submit->key = copy(submission->idempotency_key);
        submit->owner = copy(submission->owner);
        submit->url = copy(submission->webhook_url);
        s->submit_bytes += submit->request.len;
    }
    STAILQ_INSERT_TAIL(&s->submits, submit, link);
    pthread_cond_signal(&s->submitted);
    pthread_mutex_unlock(&s->lock);
}

static void answer(struct redis_store *s, struct redis_submit *submit, const struct store_receipt *receipt)
{
    submit->done(submit->context, receipt);
    pthread_mutex_lock(&s->lock);
    s->submit_bytes -= submit->request.len;
    pthread_mutex_unlock(&s->lock);
    free_submit(submit);
}

static void refuse(struct redis_store *s, struct redis_submit *submit, int code)
{
    answer(s, submit, &(struct store_receipt){.code = code});
}

/* One array of submit.lua's answer. */
static struct store_receipt receipt_of(const redisReply *reply)
{
    struct store_receipt receipt = {.code = (int)redis_int_at(reply, 0)};
    struct str token = redis_bytes_at(reply, 2);
    if (receipt.code == 0 && !token_valid(token.data, token.len))
        receipt.code = -EPROTO;
    if (receipt.code < 0)
        return receipt;
    receipt.repeated = redis_int_at(reply, 1) != 0;
    memcpy(receipt.token, token.data, token.len);
    receipt.status = (enum status)redis_int_at(reply, 3);
    receipt.created_ms = redis_int_at(reply, 4);
    return receipt;
}

static void add_submission(struct redis_args *args, const struct redis_submit *submit)
{
    const struct store_submission *sub = &submit->submission;
    redis_args_text(args, sub->token);
    redis_args_int(args, sub->priority);
    redis_args_int(args, sub->created_ms);
    redis_args_int(args, store_rank(sub));
    redis_args_text(args, submit->key);
    redis_args_str(args, (struct str){.data = (const char *)sub->body_digest, .len = sizeof(sub->body_digest)});
    redis_args_str(args, buf_view(&submit->request));
    redis_args_text(args, submit->owner);
    redis_args_text(args, submit->url);
    redis_args_int(args, submit->url ? sub->webhook_events : 0);
    redis_args_int(args, MAX(sub->share, 1U));
    redis_args_int(args, sub->max_waiting);
}

static void send(struct redis_store *s, struct redis_submits *batch, size_t count, int64_t deadline_ns)
{
    struct redis_args args = {0};
    struct redis_submit *submit;
    redisReply *reply = NULL;
    redis_args_int(&args, s->config.max_depth);
    STAILQ_FOREACH(submit, batch, link)
    add_submission(&args, submit);
    int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / NS_PER_MS;
    int r = redis_call(s, REDIS_submit, &args, (int)MAX(left_ms, 1), &reply);
    redis_args_release(&args);
    if (r == 0 && (reply->type != REDIS_REPLY_ARRAY || reply->elements != count))
        r = -EPROTO;
    for (size_t i = 0; (submit = STAILQ_FIRST(batch)); i++) {
        STAILQ_REMOVE_HEAD(batch, link);
        struct store_receipt receipt = r < 0 ? (struct store_receipt){.code = r} : receipt_of(reply->element[i]);
        answer(s, submit, &receipt);
    }
    if (reply)
        freeReplyObject(reply);
}

/* With the lock held: as many as make a good batch. */
static void take_batch(struct redis_store *s, struct redis_submits *ret)
{
    size_t bytes = 0;
    struct redis_submit *submit;
    for (size_t i = 0; i < BATCH_MOST && (submit = STAILQ_FIRST(&s->submits)); i++) {
        bytes += submit->request.len;
        if (i > 0 && (bytes > BATCH_BYTES || submit->request.len > ALONE_BYTES))
            break;
        STAILQ_REMOVE_HEAD(&s->submits, link);
        STAILQ_INSERT_TAIL(ret, submit, link);
        if (submit->request.len > ALONE_BYTES)
            break;
    }
}

/* Answers those that are refused or have waited for too long; sends the others. */
static void work(struct redis_store *s, struct redis_submits *batch)
{
    struct redis_submits good = STAILQ_HEAD_INITIALIZER(good);
    struct redis_submit *submit;
    size_t count = 0;
    int64_t now_ns = clock_monotonic_ns(), deadline_ns = INT64_MAX;
    while ((submit = STAILQ_FIRST(batch))) {
        STAILQ_REMOVE_HEAD(batch, link);
        if (submit->refusal < 0 || submit->deadline_ns <= now_ns) {
            refuse(s, submit, submit->refusal < 0 ? submit->refusal : -ENOTCONN);
            continue;
        }
        STAILQ_INSERT_TAIL(&good, submit, link);
        deadline_ns = MIN(deadline_ns, submit->deadline_ns);
        count++;
    }
    if (count > 0)
        send(s, &good, count, deadline_ns);
}

void *redis_submitter_main(void *store)
{
    struct redis_store *s = store;
    for (;;) {
        struct redis_submits batch = STAILQ_HEAD_INITIALIZER(batch);
        pthread_mutex_lock(&s->lock);
        while (STAILQ_EMPTY(&s->submits) && !s->stopping)
            pthread_cond_wait(&s->submitted, &s->lock);
        take_batch(s, &batch);
        pthread_mutex_unlock(&s->lock);
        if (STAILQ_EMPTY(&batch))
            return NULL;
        work(s, &batch);
    }
}
