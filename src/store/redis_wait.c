/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_wait.c: those who wait for something to claim, of the queue or of the outbox. Each has a place; with the process's own name
 * it makes a name that the server knows (":idle:WHAT"). The server wakes one by a message to its process, which the listener hears.
 *
 * Such a message may be lost, or wake one who has just gone. So nobody sleeps longer than WAIT_POLL_MS without looking.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "store/redis_store.h"

enum { WAIT_POLL_MS = 1000, LEAVE_MS = 200 };

static const char *const words[REDIS_WAIT_COUNT] = {[REDIS_WAIT_QUEUE] = "queue", [REDIS_WAIT_OUTBOX] = "outbox"};

void redis_wait_enter(struct redis_store *s, enum redis_wait what, struct redis_waiter *ret)
{
    struct redis_waiters *waiters = &s->waiters[what];
    pthread_mutex_lock(&s->lock);
    *ret = (struct redis_waiter){.what = what, .call = ++s->waiter_calls};
    while (ret->place < REDIS_WAITERS_MAX && waiters->places[ret->place])
        ret->place++;
    bool seated = ret->place < REDIS_WAITERS_MAX;
    if (seated) {
        waiters->places[ret->place] = true;
        ret->received = waiters->received[ret->place];
    }
    pthread_mutex_unlock(&s->lock);
    /* Never two callers of one name: each would be given the other's claim. */
    if (seated)
        snprintf(ret->name, sizeof(ret->name), "%s.%s.%u", s->origin, words[what], ret->place);
    else
        snprintf(ret->name, sizeof(ret->name), "%s.%s.call%" PRIu64, s->origin, words[what], ret->call);
}

/* One who goes for good is not to be woken in another's stead: that would cost the other up to WAIT_POLL_MS. */
void redis_wait_leave(struct redis_store *s, const struct redis_waiter *waiter, int code)
{
    if (code == -ECANCELED && redis_link_up(&s->link)) {
        struct redis_args args = {0};
        redis_args_text(&args, waiter->name);
        redis_args_text(&args, words[waiter->what]);
        redis_call_code(s, REDIS_leave, &args, LEAVE_MS);
        redis_args_release(&args);
    }
    pthread_mutex_lock(&s->lock);
    if (waiter->place < REDIS_WAITERS_MAX) {
        s->waiters[waiter->what].places[waiter->place] = false;
        if (code == 0)
            s->waiters[waiter->what].received[waiter->place] = waiter->call;
    }
    pthread_mutex_unlock(&s->lock);
}

bool redis_interrupted(struct redis_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool interrupted = s->interrupted;
    pthread_mutex_unlock(&s->lock);
    return interrupted;
}

int redis_wait_sleep(struct redis_store *s, const struct redis_waiter *waiter, int64_t until_ns)
{
    struct redis_waiters *waiters = &s->waiters[waiter->what];
    until_ns = MIN(until_ns, clock_monotonic_ns() + WAIT_POLL_MS * NS_PER_MS);
    struct timespec until = clock_timespec(until_ns);
    pthread_mutex_lock(&s->lock);
    waiters->asleep++;
    while (!s->interrupted && waiters->wakes == 0)
        if (pthread_cond_timedwait(&s->woken, &s->lock, &until) == ETIMEDOUT)
            break;
    waiters->asleep--;
    if (waiters->wakes > 0)
        waiters->wakes--;
    int r = s->interrupted ? -ECANCELED : -EAGAIN;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* At most one call to wake is kept for each who sleeps: a thousand submissions are not a thousand futile looks later. */
static void wake_one(struct redis_waiters *waiters)
{
    waiters->wakes = MIN(waiters->wakes + 1, MAX(waiters->asleep, 1));
}

void redis_wake(struct redis_store *s, struct str what)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < REDIS_WAIT_COUNT; i++)
        if (str_is(what, words[i]))
            wake_one(&s->waiters[i]);
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
}

void redis_wake_all(struct redis_store *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < REDIS_WAIT_COUNT; i++)
        s->waiters[i].wakes = s->waiters[i].asleep;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
}

void redis_interrupt(struct store *store)
{
    struct redis_store *s = redis_of(store);
    pthread_mutex_lock(&s->lock);
    s->interrupted = true;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
}
