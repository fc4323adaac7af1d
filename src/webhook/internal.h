/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: the dispatcher inside. The theory is at the top of dispatcher.c. */
#ifndef EVALX_WEBHOOK_INTERNAL_H
#define EVALX_WEBHOOK_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include <sys/queue.h>

#include "webhook/hosts.h"
#include "webhook/webhook.h"

enum { CLERKS = 8, ERROR_TEXT_MAX = 256 };

enum stage {
    JOB_CLAIMED, /* network thread: is its host held back? */
    JOB_WANTED,  /* clerk: render, seal */
    JOB_READY,   /* network thread: park or send */
    JOB_ENDED,   /* clerk: settle */
};

/* One claimed delivery on its way through. Owned by whoever has it in hand; see the stages. */
struct job {
    struct parked parked; /* first: hosts.h hands it back */
    STAILQ_ENTRY(job) link;
    LIST_ENTRY(job) active;
    enum stage stage;
    struct webhook *hook;
    struct store_delivery delivery;
    int64_t lease_end_ns, started_ns;
    struct host *host; /* the network thread's, while the job is parked or on its way */
    struct store_settlement settlement;
    char error[ERROR_TEXT_MAX];
    /* while it is being sent */
    CURL *easy;
    struct curl_slist *headers;
    size_t header_bytes, body_bytes; /* of what comes back */
    bool answered;                   /* the headers of an answer are whole */
    int64_t retry_after_ms;
    const char *refusal; /* of the guard, for the last address it refused */
    bool dialled;        /* it let one of the host's addresses through */
    char message[CURL_ERROR_SIZE];
};
STAILQ_HEAD(job_list, job);

struct webhook {
    struct webhook_config config;
    char *name, *ca_file;
    pthread_t claimer, network, clerks[CLERKS];
    unsigned clerk_count;
    bool claimer_runs, network_runs;
    CURLM *multi;

    pthread_mutex_t lock;
    pthread_cond_t room;    /* for the claimer: a job ended, or it is time to stop */
    pthread_cond_t desk;    /* for the clerks */
    struct job_list inbox;  /* to the network thread */
    struct job_list papers; /* to the clerks */
    size_t outstanding;     /* jobs that exist */
    size_t body_bytes;      /* of their bodies */
    bool stopping;          /* claim nothing, start nothing */
    bool abandon;           /* the grace is over */
    bool closed;            /* clerks: end when there is nothing left */

    /* the network thread's own */
    struct hosts *hosts;
    bool ends;    /* what it has seen of stopping */
    bool stirred; /* a transfer has begun, or a socket has something to say */
    LIST_HEAD(, job) active;
    unsigned in_flight;
    int64_t tidied_ms;
};

/* dispatcher.c: hands a job on. Any thread. */
void job_to_network(struct job *job, enum stage stage);
void job_to_clerk(struct job *job, enum stage stage);

/* Fills the settlement. error may be NULL; it is copied. */
void job_decide(struct job *job, enum store_outcome outcome, int64_t delay_ms, int http_status, const char *error);

void *network_main(void *hook); /* network.c */

/* transfer.c: one POST. transfer_begin gives 0 with job->easy set up, to be added to the multi handle; -ENOKEY: no secret; -ENOMEM. */
int transfer_begin(struct job *job);
void transfer_end(struct job *job, CURLcode code, struct answer *ret); /* reads what came of it, and cleans up */

#endif
