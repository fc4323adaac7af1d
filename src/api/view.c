/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c: see view.h. A final submission has one stored result; before that, the result so far is put together from the progress that
 * the store has seen. Both become the same struct result, so that a document has one maker.
 */
#include "api/view.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/notes.h"

void view_release(struct view *view)
{
    free(view->fields);
    view->fields = NULL;
}

enum encoding view_encoding(const struct view *view, const struct submission *sub)
{
    return view->encoding_given ? view->encoding : sub->encoding;
}

int view_submission(const char *token, const struct store_record *record, struct submission **ret)
{
    int r = submission_load(record->request.data, record->request.len, ret, NULL);
    if (r == 0)
        snprintf((*ret)->token, sizeof(*ret)->token, "%s", token);
    return r;
}

void picture_release(struct picture *picture)
{
    if (picture->result)
        result_free(picture->result);
    free(picture->order);
    *picture = (struct picture){0};
}

static int load_test(const struct store_event *event, struct test_result *test)
{
    test_result_release(test);
    int r = test_result_load(event->data.data, event->data.len, test, NULL);
    test->done = r == 0;
    return r;
}

static int load_event(const struct store_event *event, const unsigned char *known, struct picture *p, bool *ended)
{
    struct result *result = p->result;
    if (event->kind == STORE_EVENT_COMPILE) {
        compile_result_release(&result->compile);
        return compile_result_load(event->data.data, event->data.len, &result->compile, NULL);
    }
    if (event->index >= result->test_count)
        return -EBADMSG;
    if (!ended[event->index])
        p->order[p->ended_count++] = (uint16_t)event->index;
    ended[event->index] = true;
    return known && known[event->index] ? 0 : load_test(event, &result->tests[event->index]);
}

/* Without a stored result: what progress there is, and what the store itself knows. */
static int load_partial(const struct submission *sub, const struct store_record *record, const unsigned char *known,
                        struct picture *p)
{
    bool ended[SUBMISSION_TESTS_MAX] = {false};
    p->result = result_new(sub->test_count);
    p->order = xcalloc(p->result->test_count, sizeof *p->order);
    p->ended = p->order;
    struct result *result = p->result;
    result->status = record->status;
    result->started_ms = record->status == STATUS_QUEUED ? 0 : record->started_ms;
    result->finished_ms = record->finished_ms;
    if (record->message)
        result->message = xstrdup(record->message);
    if (record->finished_ms > 0) {
        int64_t taken_ms = record->started_ms > 0 ? record->started_ms : record->finished_ms;
        result->queued_ns = MAX(taken_ms - record->created_ms, 0) * NS_PER_MS; /* clocks of several machines */
        result->run_ns = (record->finished_ms - taken_ms) * NS_PER_MS;
    }
    for (size_t i = 0; i < record->event_count; i++) {
        int r = load_event(&record->events[i], known, p, ended);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Notes that cannot be read, from a newer evalx, are left out: the result has hints of its own. */
static void add_notes(const struct store_record *record, struct picture *p)
{
    struct notes notes;
    if (notes_load(record->notes.data, record->notes.len, &notes) < 0)
        return;
    notes_apply(&notes, p->result);
    p->noted = notes.changed;
    p->settled = notes.last;
    notes_release(&notes);
}

static int load_stored(const struct submission *sub, const struct store_record *record, struct picture *p)
{
    int r = result_load(record->result.data, record->result.len, &p->result, NULL);
    if (r < 0)
        return r;
    p->ended = p->result->order;
    p->ended_count = p->result->test_count;
    p->settled = !p->result->hints_follow;
    add_notes(record, p);
    return p->result->test_count == sub->test_count ? 0 : -EBADMSG;
}

int picture_load(const struct submission *sub, const struct store_record *record, const unsigned char *known,
                 struct picture *ret)
{
    struct picture p = {.settled = true};
    int r = record->result.len > 0 ? load_stored(sub, record, &p) : load_partial(sub, record, known, &p);
    if (r < 0)
        picture_release(&p);
    else
        *ret = p;
    return r;
}

static bool event_is_newer(const struct store_event *event)
{
    struct compile_result compile = {0};
    struct test_result test = {0};
    int r = event->kind == STORE_EVENT_COMPILE ? compile_result_load(event->data.data, event->data.len, &compile, NULL)
                                               : test_result_load(event->data.data, event->data.len, &test, NULL);
    compile_result_release(&compile);
    test_result_release(&test);
    return r == -EPROTONOSUPPORT;
}

bool view_is_newer(const struct store_record *record)
{
    for (size_t i = 0; i < record->event_count; i++)
        if (event_is_newer(&record->events[i]))
            return true;
    _cleanup_(submission_freep) struct submission *sub = NULL;
    _cleanup_(result_freep) struct result *result = NULL;
    return submission_load(record->request.data, record->request.len, &sub, NULL) == -EPROTONOSUPPORT ||
           result_load(record->result.data, record->result.len, &result, NULL) == -EPROTONOSUPPORT;
}

static json_t *timestamp_json(int64_t ms)
{
    char text[RFC3339_SIZE];
    return ms > 0 ? json_string(clock_rfc3339(ms, text)) : json_null();
}

json_t *view_webhook(const struct store_delivery_state *state)
{
    static const char *const names[] = {[STORE_OWED_NONE] = "none",
                                        [STORE_OWED_PENDING] = "pending",
                                        [STORE_OWED_DELIVERED] = "delivered",
                                        [STORE_OWED_DEAD] = "dead"};
    json_t *form = json_object();
    json_object_set_new(form, "state", json_string(names[state->status]));
    json_object_set_new(form, "attempts", json_integer(state->attempts));
    json_object_set_new(form, "last_status", state->last_status ? json_integer(state->last_status) : json_null());
    json_object_set_new(form, "last_error",
                        state->last_error ? json_text(state->last_error, strlen(state->last_error), NULL)
                                          : json_null());
    json_object_set_new(form, "next_attempt_at", timestamp_json(state->next_ms));
    json_object_set_new(form, "delivered_at", timestamp_json(state->delivered_ms));
    return form;
}

json_t *view_document(const char *token, const struct store_record *record, const struct view *view)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    _cleanup_(picture_release) struct picture p = {0};
    if (view_submission(token, record, &sub) < 0 || picture_load(sub, record, NULL, &p) < 0)
        return NULL;
    json_t *document = result_document(sub, record->status, p.result, view_encoding(view, sub));
    if (sub->webhook_url)
        json_object_set_new(document, "webhook", view_webhook(&record->webhook));
    if (view->fields)
        document_select(document, view->fields, NULL); /* checked when the request came: query_fields */
    return document;
}

json_t *view_receipt(const char *token, enum status status, int64_t created_ms)
{
    char created[RFC3339_SIZE];
    json_t *receipt = json_object();
    json_object_set_new(receipt, "token", json_string(token));
    json_object_set_new(receipt, "status", json_string(status_name(status)));
    json_object_set_new(receipt, "created_at", json_string(clock_rfc3339(created_ms, created)));
    return receipt;
}
