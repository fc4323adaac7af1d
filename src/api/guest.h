/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h: who a request is from, when the server wants API keys (api_config.keys), and what that one may do. Without keys everybody
 * is nobody in particular and may do everything. Each check returns 0, or -1 with a complaint.
 */
#ifndef EVALX_API_GUEST_H
#define EVALX_API_GUEST_H

#include "api/complaint.h"

struct guest {
    bool known;             /* false: the server wants no keys */
    struct key_grant grant; /* when known */
};

/* By "Authorization: Bearer KEY" or "X-Auth-Token: KEY". 401 without a key, or with one that is not known here. */
int guest_of(const struct api *api, const struct http_exchange *x, struct guest *ret, struct complaint *c);

/*
 * Whether the submission is the guest's to see: 404, as for one that does not exist. What was submitted while the server wanted no keys
 * is nobody's, and for every key.
 */
int guest_sees(const struct api *api, const struct guest *guest, struct str token, struct complaint *c);

/* One submission more by the guest's rate: 429. Asked before the body is read. */
int guest_spends(const struct api *api, const struct guest *guest, struct complaint *c);

/* What the submission asks for: 403. */
int guest_may_ask(const struct guest *guest, const struct submission *sub, struct complaint *c);

#endif
