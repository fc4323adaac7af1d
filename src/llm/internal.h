/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: the pure parts of asking: the question, the answer, and whether one may ask. Private to llm/. */
#ifndef EVALX_LLM_INTERNAL_H
#define EVALX_LLM_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "llm/llm.h"

enum {
    SOURCE_MAX = 8192,       /* bytes of all source files in a question */
    OUTPUT_MAX = 2048,       /* of the compiler's messages */
    CASE_MAX = 1024,         /* of each text of a test case */
    ANSWER_MAX = 256 * 1024, /* bytes of a response */
    HINT_MODEL_MAX = 400,    /* bytes of a hint */
    CODE_LINES_MAX = 2,      /* of a code block in an answer; longer ones are taken out */
};

/* prompt.c: the body of the request. mark: unguessable, occurs nowhere in the data (prompt_mark). */
void prompt_write(const char *model, const char *mark, const struct submission *sub, const struct result *result,
                  struct buf *out);
void prompt_mark(const struct submission *sub, const struct result *result, char out[TOKEN_LEN + 1]);

/* answer.c: the hint in a response's body, appended to out. -EBADMSG: not such a response. -ENODATA: nothing is left of it. */
int answer_read(struct str body, struct buf *out);
void answer_clean(struct str text, struct buf *out); /* a model's words made a hint: one line, plain, short */

/*
 * gate.c: a token bucket for the minute, a count for the day, and a breaker: after GATE_FAILURES failures in a row nothing is asked for GATE_FIRST_MS,
 * then one call is tried; each failure of that doubles the time, up to GATE_MOST_MS.
 */
enum { GATE_FAILURES = 5, GATE_FIRST_MS = 60000, GATE_MOST_MS = 900000 };
struct gate {
    int64_t per_minute, per_day;
    double tokens;
    int64_t filled_ms; /* monotonic; 0: never */
    int64_t day, today;
    unsigned failures;
    int64_t open_ms, open_until_ms;
};
enum gate_answer { GATE_GO, GATE_RATE, GATE_BUDGET, GATE_BREAKER };
void gate_init(struct gate *gate, int64_t per_minute, int64_t per_day);
enum gate_answer gate_ask(struct gate *gate, int64_t monotonic_ms,
                          int64_t realtime_ms); /* GATE_GO: it counts as a call */
void gate_report(struct gate *gate, bool ok, int64_t retry_after_ms,
                 int64_t monotonic_ms); /* 0: the endpoint did not say */

#endif
