/* SPDX-License-Identifier: Apache-2.0 */
/* show.c: GET /submissions/{token}: the submission as it stands, or, with ?wait=, as soon as it is final. */
#include "api/complaint.h"
#include "api/query.h"
#include "api/token.h"
#include "api/wait.h"

static int read_request(const struct api *api, const struct http_exchange *x, struct view *view, int64_t *wait_ms,
                        struct complaint *c)
{
    /* All of them, so that a client learns of every mistake at once. */
    int r = query_wait(api, x, wait_ms, c);
    r |= query_encoding(x, view, c);
    r |= query_fields(x, view, c);
    return r;
}

void api_get_submission(void *context, struct http_exchange *x)
{
    struct api *api = context;
    char token[TOKEN_LEN + 1];
    int64_t wait_ms = 0;
    _cleanup_(view_release) struct view view = {0};
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (token_of(x, token, &c) < 0 || read_request(api, x, &view, &wait_ms, &c) < 0) {
        complaint_answer(api, x, &c);
        return;
    }
    if (wait_ms == 0) {
        wait_not(api, x, token, &view);
        return;
    }
    struct wait *wait = (struct wait *)visit_open(&wait_kind, api, x);
    memcpy(wait->visit.token, token, sizeof token);
    wait->view = view;
    view = (struct view){0};
    visit_follow(&wait->visit, wait_ms);
}
