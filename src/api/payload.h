/* SPDX-License-Identifier: Apache-2.0 */
/* payload.h: what a webhook is sent. For whoever wires the dispatcher to the API: it knows no documents itself. */
#ifndef EVALX_API_PAYLOAD_H
#define EVALX_API_PAYLOAD_H

#include "base/buf.h"
#include "store/store.h"

/*
 * Appends the JSON body that tells of delivery: for a submission that has ended the document of GET /submissions/{token} without its
 * webhook object; for a start and a test case that ended, what the event stream says, with token and metadata. 0, or -errno when the
 * record's or the delivery's bytes cannot be read.
 */
int payload_render(const struct store_delivery *delivery, const struct store_record *record, struct buf *ret);

#endif
