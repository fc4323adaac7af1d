/* SPDX-License-Identifier: Apache-2.0 */
/* remove.c: DELETE /submissions/{token}: cancels what is not final (200 and the document), forgets what is (204). */
#include <errno.h>

#include "api/complaint.h"
#include "api/token.h"
#include "api/wait.h"

enum { TRIES = 3 }; /* the submission may end, or be forgotten, between one verb and the next */

static int cancel_or_forget(struct store *store, const char *token, bool *ret_forgotten)
{
    int r = -EBUSY;
    for (int i = 0; r == -EBUSY && i < TRIES; i++) {
        *ret_forgotten = false;
        r = store_cancel(store, token);
        if (r == -EALREADY) {
            *ret_forgotten = true;
            r = store_forget(store, token);
        }
    }
    return r;
}

void api_delete_submission(void *context, struct http_exchange *x)
{
    struct api *api = context;
    char token[TOKEN_LEN + 1];
    bool forgotten = false;
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    int refused = token_of(x, token, &c);
    if (refused == 0) {
        int r = cancel_or_forget(api->config.store, token, &forgotten);
        if (r < 0)
            refused = complain_store(&c, r);
    }
    if (refused < 0)
        complaint_answer(api, x, &c);
    else if (forgotten)
        http_answer(x, 204, NULL, STR(""));
    else
        wait_not(api, x, token, &(struct view){0});
}
