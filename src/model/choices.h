/* SPDX-License-Identifier: Apache-2.0 */
/* choices.h: how checkers, encodings and webhook events are called in requests and in the stored form. */
#ifndef EVALX_MODEL_CHOICES_H
#define EVALX_MODEL_CHOICES_H

#include "model/submission.h"

enum {
    CHECKER_TYPES = CHECKER_INTERACTOR + 1,
    ENCODINGS = ENCODING_BASE64 + 1,
    WEBHOOK_EVENTS = WEBHOOK_COMPLETED + 1
};
#define WEBHOOK_EVENTS_DEFAULT (1u << WEBHOOK_COMPLETED)
#define CHECKER_TOLERANCE      1e-6 /* abs and rel when neither is given */

extern const char *const checker_names[CHECKER_TYPES];
extern const char *const encoding_names[ENCODINGS];
extern const char *const webhook_event_names[WEBHOOK_EVENTS];

#endif
