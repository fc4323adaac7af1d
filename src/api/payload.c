/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c: see payload.h. Whoever asks for the document and whoever is sent it see the same, because one function makes both. */
#include "api/payload.h"

#include <errno.h>

#include "api/view.h"
#include "base/clock.h"
#include "base/json.h"

static json_t *completed(const struct store_delivery *delivery, const struct store_record *record)
{
    json_t *document = view_document(delivery->token, record, &(struct view){0});
    if (document)
        json_object_del(document, "webhook");
    return document;
}

static json_t *started(const struct store_delivery *delivery, const struct store_record *record)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    if (view_submission(delivery->token, record, &sub) < 0)
        return NULL;
    char created[RFC3339_SIZE], begun[RFC3339_SIZE];
    json_t *document = json_object();
    json_object_set_new(document, "token", json_string(delivery->token));
    json_object_set_new(document, "status", json_string(status_name(STATUS_RUNNING)));
    json_object_set_new(document, "created_at", json_string(clock_rfc3339(record->created_ms, created)));
    json_object_set_new(document, "started_at", json_string(clock_rfc3339(delivery->created_ms, begun)));
    json_object_set(document, "metadata", sub->metadata);
    return document;
}

static json_t *test(const struct store_delivery *delivery, const struct store_record *record)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    struct test_result result = {0};
    if (view_submission(delivery->token, record, &sub) < 0 || delivery->index >= sub->test_count)
        return NULL;
    if (test_result_load(delivery->data.data, delivery->data.len, &result, NULL) < 0) {
        test_result_release(&result);
        return NULL;
    }
    json_t *document = json_object();
    json_object_set_new(document, "token", json_string(delivery->token));
    json_object_set_new(document, "index", json_integer((json_int_t)delivery->index));
    json_auto_t *form = test_result_json(sub, delivery->index, &result, sub->encoding);
    json_object_update(document, form);
    json_object_set(document, "metadata", sub->metadata);
    test_result_release(&result);
    return document;
}

int payload_render(const struct store_delivery *delivery, const struct store_record *record, struct buf *ret)
{
    static json_t *(*const makers[STORE_DELIVERY_KIND_COUNT])(const struct store_delivery *,
                                                              const struct store_record *) = {
        [STORE_DELIVERY_STARTED] = started,
        [STORE_DELIVERY_TEST] = test,
        [STORE_DELIVERY_COMPLETED] = completed,
    };
    json_t *document = makers[delivery->kind](delivery, record);
    if (!document)
        return -EBADMSG;
    json_write(document, ret);
    json_decref(document);
    return 0;
}
