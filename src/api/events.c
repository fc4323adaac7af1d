/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c: GET /submissions/{token}/events: the way of a submission as Server-Sent Events.
 *
 *   id        event    data
 *   0         status   {"token", "status": "queued"}
 *   RUN-0     status   {"token", "status": "running"}
 *   RUN-1     compile  as "compile" of the document; not sent for languages without that step
 *   RUN-2+k   test     {"index", …as in "results"}: the test case that ended as number k of them
 *   done      done     the document without "results"; the stream ends, unless hints are still to come
 *   hints     hints    {"token", "hints", "hint_details", "results": [{"index", "hints", "hint_details"}]}: better ones, which came after
 *                      "done" was told; the stream ends when no more will come, or HINTS_LATE_MS after the end
 *
 * RUN is when the worker took the submission. If that worker is lost and another starts over, RUN is another one, and so the events of
 * the new run are news. Within a run the ids follow from the order in which the tests ended, which is kept with the result: the
 * same events come out live, late, and after completion, and Last-Event-ID says which of them the client has.
 */
#include <errno.h>

#include "api/complaint.h"
#include "api/query.h"
#include "api/token.h"
#include "api/visit.h"
#include "base/clock.h"
#include "base/json.h"

enum { STEP_RUNNING, STEP_COMPILE, STEP_TESTS };
enum { ID_SIZE = 48, NUMBER_DIGITS_MAX = 18, HINTS_LATE_MS = 60000 };

struct stream {
    struct visit visit;
    struct view view;
    struct submission *submission; /* once read, without the bulk: see strip */
    bool begun;                    /* the answer's head is out */
    bool limited;                  /* it waits for hints, but not for ever */
    bool seen_done;                /* told, here or before: Last-Event-ID */
    bool seen_hints;               /* likewise */
    size_t hints_len;              /* of the notes that were told of last; 0: none */
    bool told_queued;
    int64_t run;                              /* of which the rest tells; 0: none yet */
    int next;                                 /* step that has not been told */
    size_t skip;                              /* so many tests of the run were told on an earlier connection */
    unsigned char told[SUBMISSION_TESTS_MAX]; /* by index */
};

/* ---- where the client stopped ---- */

static bool take_number(struct str *text, int64_t *ret)
{
    size_t digits = 0;
    int64_t number = 0;
    for (; digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9'; digits++) {
        if (digits == NUMBER_DIGITS_MAX)
            return false;
        number = number * 10 + (text->data[digits] - '0');
    }
    *text = (struct str){text->data + digits, text->len - digits};
    *ret = number;
    return digits > 0;
}

/* An id that is none of ours (or of a run that was lost) means from the start: told twice is better than lost. */
static void resume(struct stream *s, struct str id)
{
    int64_t run, position;
    s->seen_hints = str_is(id, "hints");
    s->seen_done = s->seen_hints || str_is(id, "done");
    if (!take_number(&id, &run))
        return;
    if (run == 0 && id.len == 0)
        s->told_queued = true;
    if (run == 0 || id.len == 0 || id.data[0] != '-')
        return;
    id = (struct str){id.data + 1, id.len - 1};
    if (!take_number(&id, &position) || id.len > 0 || position >= STEP_TESTS + SUBMISSION_TESTS_MAX)
        return;
    s->told_queued = true;
    s->run = run;
    s->next = (int)MIN(position + 1, (int64_t)STEP_TESTS);
    s->skip = position < STEP_TESTS ? 0 : (size_t)(position - STEP_TESTS + 1);
}

/* ---- telling; 0, or -EPIPE when nobody listens ---- */

static void begin(struct stream *s)
{
    if (!s->begun)
        http_stream_begin(s->visit.exchange);
    s->begun = true;
}

static int tell(struct stream *s, const char *id, const char *event, json_t *data)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    json_write(data, &text);
    json_decref(data);
    return http_stream_event(s->visit.exchange, id, event, buf_view(&text)) < 0 ? -EPIPE : 0;
}

static int tell_step(struct stream *s, size_t step, const char *event, json_t *data)
{
    char id[ID_SIZE];
    snprintf(id, sizeof id, "%lld-%zu", (long long)s->run, step);
    return tell(s, id, event, data);
}

static enum encoding encoding_of(const struct stream *s)
{
    return view_encoding(&s->view, s->submission);
}

static json_t *status_data(const struct stream *s, enum status status)
{
    json_t *data = json_object();
    json_object_set_new(data, "token", json_string(s->visit.token));
    json_object_set_new(data, "status", json_string(status_name(status)));
    return data;
}

static int tell_test(struct stream *s, const struct picture *p, size_t number)
{
    size_t index = p->ended[number];
    if (s->told[index] || number < s->skip) {
        s->told[index] = true;
        return 0;
    }
    s->told[index] = true;
    json_t *data = json_object();
    json_object_set_new(data, "index", json_integer((json_int_t)index));
    json_auto_t *result = test_result_json(s->submission, index, &p->result->tests[index], encoding_of(s));
    json_object_update(data, result);
    return tell_step(s, STEP_TESTS + number, "test", data);
}

static int tell_run(struct stream *s, const struct picture *p)
{
    int r = 0;
    if (s->next == STEP_RUNNING) {
        r = tell_step(s, STEP_RUNNING, "status", status_data(s, STATUS_RUNNING));
        s->next = STEP_COMPILE;
    }
    if (r == 0 && s->next == STEP_COMPILE && p->result->compile.state != COMPILE_NONE) {
        r = tell_step(s, STEP_COMPILE, "compile", compile_result_json(&p->result->compile, encoding_of(s)));
        s->next = STEP_TESTS;
    }
    for (size_t i = 0; r == 0 && i < p->ended_count; i++)
        r = tell_test(s, p, i);
    return r;
}

static int tell_done(struct stream *s, const struct picture *p, enum status status)
{
    json_t *document = result_document(s->submission, status, p->result, encoding_of(s));
    json_object_del(document, "results");
    return tell(s, "done", "done", document);
}

static void put_hints(json_t *form, const struct hint_list *hints)
{
    json_object_set_new(form, "hints", hint_texts_json(hints));
    json_object_set_new(form, "hint_details", hint_details_json(hints));
}

static int tell_hints(struct stream *s, const struct picture *p)
{
    json_t *data = json_object(), *results = json_array();
    json_object_set_new(data, "token", json_string(s->visit.token));
    put_hints(data, &p->result->hints);
    for (size_t i = 0; i < p->result->test_count; i++) {
        if (p->result->tests[i].hints.count == 0)
            continue;
        json_t *form = json_object();
        json_object_set_new(form, "index", json_integer((json_int_t)i));
        put_hints(form, &p->result->tests[i].hints);
        json_array_append_new(results, form);
    }
    json_object_set_new(data, "results", results);
    return tell(s, "hints", "hints", data);
}

/* A new run is told from its start. */
static void notice_run(struct stream *s, const struct store_record *record)
{
    int64_t run = record->status == STATUS_QUEUED ? 0 : record->started_ms;
    if (run == s->run)
        return;
    if (run == 0)
        s->told_queued = false; /* its worker was lost: it waits again */
    s->run = run;
    s->next = STEP_RUNNING;
    s->skip = 0;
    memset(s->told, 0, sizeof s->told);
}

/* Everything in record that this client has not heard. */
static int tell_news(struct stream *s, const struct store_record *record, const struct picture *p)
{
    int r = 0;
    if (!s->told_queued) {
        s->told_queued = true;
        r = tell(s, "0", "status", status_data(s, STATUS_QUEUED));
    }
    if (r == 0 && s->run != 0)
        r = tell_run(s, p);
    if (r == 0 && status_final(record->status)) {
        r = tell_done(s, p, record->status);
        s->seen_done = true;
        s->hints_len = p->noted ? record->notes.len : 0; /* they are in it */
    }
    return r;
}

/* After the end: hints that are better than those of "done". */
static int tell_late_news(struct stream *s, const struct store_record *record, const struct picture *p)
{
    if (s->seen_hints)
        s->hints_len = record->notes.len;
    s->seen_hints = false;
    if (!p->noted || s->hints_len == record->notes.len)
        return 0;
    s->hints_len = record->notes.len;
    begin(s);
    return tell_hints(s, p);
}

/* ---- the visit ---- */

static void stream_close(struct stream *s)
{
    bool begun = s->begun;
    struct http_exchange *x = visit_close(&s->visit);
    if (begun)
        http_stream_end(x);
    else
        http_answer(x, 204, NULL, STR("")); /* nothing to come: tells an EventSource not to connect again */
}

/* A stream that has begun can only end: its client connects again and is then told what is wrong. */
static void stream_fail(struct stream *s, struct complaint *c)
{
    struct api *api = s->visit.api;
    if (s->begun)
        stream_close(s);
    else
        complaint_answer(api, visit_close(&s->visit), c);
    complaint_release(c);
}

/* Programs, inputs and expected outputs: events need none of them. */
static void strip(struct submission *sub)
{
    buf_release(&sub->code);
    for (size_t i = 0; i < sub->file_count; i++)
        buf_release(&sub->files[i].content);
    for (size_t i = 0; i < sub->test_count; i++) {
        buf_release(&sub->tests[i].stdin_data);
        buf_release(&sub->tests[i].expected);
    }
}

/* Once: reading it again for each of a thousand tests would cost more than they do. */
static int read_submission(struct stream *s, const struct store_record *record)
{
    if (s->submission)
        return 0;
    int r = view_submission(s->visit.token, record, &s->submission);
    if (s->submission)
        strip(s->submission);
    return r;
}

/* Hints are still to come: the stream waits for them, for a while. */
static bool stream_waits(struct stream *s, const struct picture *p)
{
    int64_t left_ms = p->result->finished_ms + HINTS_LATE_MS - clock_realtime_ms();
    if (p->settled || left_ms <= 0)
        return false;
    begin(s);
    if (!s->limited)
        visit_limit(&s->visit, MIN(left_ms, (int64_t)HINTS_LATE_MS));
    s->limited = true;
    return true;
}

static void stream_look(struct visit *v)
{
    struct stream *s = (struct stream *)v;
    struct complaint c = COMPLAINT_INIT;
    _cleanup_(store_record_release) struct store_record record = {0};
    _cleanup_(picture_release) struct picture picture = {0};
    int r = store_get(v->api->config.store, v->token, &record);
    if (r < 0) {
        complain_store(&c, r);
        stream_fail(s, &c);
        return;
    }
    bool final = status_final(record.status);
    notice_run(s, &record);
    if (read_submission(s, &record) < 0 || picture_load(s->submission, &record, s->told, &picture) < 0) {
        complain_record(&c, &record);
        stream_fail(s, &c);
        return;
    }
    if (final && s->seen_done) {
        r = tell_late_news(s, &record, &picture);
    } else {
        begin(s);
        r = tell_news(s, &record, &picture);
    }
    if (r < 0 || (final && !stream_waits(s, &picture)))
        stream_close(s);
}

/* The client is gone, or the server stops; there is no time limit. */
static void stream_ended(struct visit *v, enum http_end why)
{
    (void)why;
    stream_close((struct stream *)v);
}

static void stream_release(struct visit *v)
{
    struct stream *s = (struct stream *)v;
    view_release(&s->view);
    if (s->submission)
        submission_free(s->submission);
}

static const struct visit_kind stream_kind = {
    .size = sizeof(struct stream), .look = stream_look, .ended = stream_ended, .release = stream_release};

void api_get_events(void *context, struct http_exchange *x)
{
    struct api *api = context;
    char token[TOKEN_LEN + 1];
    struct view view = {0};
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (token_of(x, token, &c) < 0 || query_encoding(x, &view, &c) < 0) {
        complaint_answer(api, x, &c);
        return;
    }
    struct stream *s = (struct stream *)visit_open(&stream_kind, api, x);
    memcpy(s->visit.token, token, sizeof token);
    s->view = view;
    resume(s, http_header(x, "Last-Event-ID"));
    visit_follow(&s->visit, 0);
}
