/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c: see wait.h. While it waits, a request holds none of the submission's bytes, and none are read at a step of progress: it asks
 * for the status, and reads the record once, for the answer.
 */
#include "api/wait.h"

#include <errno.h>

#include "api/complaint.h"

/* What to answer, made before the visit is closed. */
struct reply {
    int status;
    json_t *document; /* NULL: a complaint */
    struct complaint complaint;
};

static void make_reply(struct reply *reply, const char *token, const struct store_record *record,
                       const struct view *view, bool posted)
{
    if (posted && !status_final(record->status)) {
        reply->status = 202;
        reply->document = view_receipt(token, record->status, record->created_ms);
        return;
    }
    reply->status = 200;
    reply->document = view_document(token, record, view);
    if (!reply->document)
        complain_record(&reply->complaint, record);
}

static void send_reply(struct api *api, struct http_exchange *x, struct reply *reply)
{
    if (reply->document)
        api_answer_json(x, reply->status, reply->document);
    else
        complaint_answer(api, x, &reply->complaint);
    complaint_release(&reply->complaint);
}

void wait_not(struct api *api, struct http_exchange *x, const char *token, const struct view *view)
{
    struct reply reply = {0};
    _cleanup_(store_record_release) struct store_record record = {0};
    int r = store_get(api->config.store, token, &record);
    if (r < 0)
        complain_store(&reply.complaint, r);
    else
        make_reply(&reply, token, &record, view, false);
    send_reply(api, x, &reply);
}

/* The wait is over, whatever there is to say. */
static void conclude(struct visit *v)
{
    struct wait *wait = (struct wait *)v;
    struct api *api = v->api;
    struct reply reply = {0};
    _cleanup_(store_record_release) struct store_record record = {0};
    int r = store_get(api->config.store, v->token, &record);
    if (r < 0 && r != -ENOENT && wait->posted) { /* taken it is, even if nobody can say now how it stands */
        reply.status = 202;
        reply.document = view_receipt(v->token, wait->status, wait->created_ms);
    } else if (r < 0) {
        complain_store(&reply.complaint, r);
    } else {
        make_reply(&reply, v->token, &record, &wait->view, wait->posted);
    }
    send_reply(api, visit_close(v), &reply);
}

static void wait_look(struct visit *v)
{
    enum status status;
    if (store_status(v->api->config.store, v->token, &status) < 0 || status_final(status))
        conclude(v);
}

static void wait_ended(struct visit *v, enum http_end why)
{
    if (why == HTTP_END_GONE)
        http_answer(visit_close(v), 503, NULL, STR("")); /* owed, but nobody reads it */
    else
        conclude(v);
}

static void wait_release(struct visit *v)
{
    view_release(&((struct wait *)v)->view);
}

const struct visit_kind wait_kind = {
    .size = sizeof(struct wait), .look = wait_look, .ended = wait_ended, .release = wait_release};
