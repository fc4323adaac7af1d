/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share.c: see share.h. A task is charged an estimate when it begins, so that several slots that become free together do not all go to
 * one owner, and the truth when it has ended.
 */
#include "worker/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "worker/job.h"

enum { ESTIMATE_NS = 10 * NS_PER_MS };

void shares_init(struct shares *shares)
{
    *shares = (struct shares){0};
    TAILQ_INIT(&shares->list);
}

struct share *shares_join(struct shares *shares, const char *owner, unsigned weight)
{
    struct share *share;

    TAILQ_FOREACH(share, &shares->list, link)
    if (strcmp(share->owner, owner ? owner : "") == 0)
        break;
    if (!share) {
        share = xcalloc(1, sizeof(*share));
        share->owner = xstrdup(owner ? owner : "");
        share->account = shares->served;
        TAILQ_INIT(&share->ready);
        TAILQ_INSERT_TAIL(&shares->list, share, link);
    }
    share->weight = weight > 0 ? weight : 1;
    share->jobs++;
    return share;
}

void shares_leave(struct shares *shares, struct share *share)
{
    if (--share->jobs > 0)
        return;
    TAILQ_REMOVE(&shares->list, share, link);
    free(share->owner);
    free(share);
}

void share_add(struct shares *shares, struct share *share, struct job *job, bool in_front)
{
    if (TAILQ_EMPTY(&share->ready) && share->working == 0 && share->account < shares->served)
        share->account = shares->served;
    if (in_front)
        TAILQ_INSERT_HEAD(&share->ready, job, in_ready);
    else
        TAILQ_INSERT_TAIL(&share->ready, job, in_ready);
}

void share_remove(struct share *share, struct job *job)
{
    TAILQ_REMOVE(&share->ready, job, in_ready);
}

struct share *shares_next(struct shares *shares)
{
    struct share *share, *next = NULL;

    TAILQ_FOREACH(share, &shares->list, link)
    if (!TAILQ_EMPTY(&share->ready) && (!next || share->account < next->account))
        next = share;
    return next;
}

void share_begin(struct shares *shares, struct share *share)
{
    if (share->account > shares->served)
        shares->served = share->account;
    share->working++;
    share->account += ESTIMATE_NS / share->weight;
}

void share_end(struct share *share, int64_t took_ns)
{
    share->working--;
    share->account += (took_ns - ESTIMATE_NS) / (int64_t)share->weight;
}
