/* SPDX-License-Identifier: Apache-2.0 */
/* resend.c: POST /submissions/{token}/webhook/resend: what was given up on (or delivered) is sent once more. 202 and its state. */
#include <errno.h>

#include "api/complaint.h"
#include "api/token.h"
#include "api/view.h"

static int resend(struct api *api, const char *token, struct complaint *c)
{
    int r = store_outbox_resend(api->config.store, token);
    if (r == -EBUSY)
        return complain(c, 409, "a delivery of this submission is still being tried");
    if (r == -ENOENT)
        return complain(c, 404, "there is no submission with this token, or no webhook that was sent for it");
    return r < 0 ? complain_store(c, r) : 0;
}

void api_post_resend(void *context, struct http_exchange *x)
{
    struct api *api = context;
    char token[TOKEN_LEN + 1];
    struct store_record record = {0};
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    int refused = token_of(x, token, &c);
    if (refused == 0)
        refused = resend(api, token, &c);
    if (refused == 0) {
        int r = store_get(api->config.store, token, &record);
        refused = r < 0 ? complain_store(&c, r) : 0;
    }
    if (refused < 0) {
        complaint_answer(api, x, &c);
        return;
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "token", json_string(token));
    json_object_set_new(answer, "webhook", view_webhook(&record.webhook));
    store_record_release(&record);
    api_answer_json(x, 202, answer);
}
