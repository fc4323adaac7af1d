/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: may the model be asked now? See internal.h. */
#include "llm/internal.h"

enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

void gate_init(struct gate *gate, int64_t per_minute, int64_t per_day)
{
    *gate = (struct gate){
        .per_minute = per_minute, .per_day = per_day, .tokens = (double)per_minute, .open_ms = GATE_FIRST_MS};
}

static void fill(struct gate *gate, int64_t now_ms)
{
    if (gate->filled_ms > 0)
        gate->tokens += (double)(now_ms - gate->filled_ms) * (double)gate->per_minute / MINUTE_MS;
    gate->tokens = MIN(gate->tokens, (double)gate->per_minute);
    gate->filled_ms = now_ms;
}

enum gate_answer gate_ask(struct gate *gate, int64_t monotonic_ms, int64_t realtime_ms)
{
    int64_t day = realtime_ms / DAY_MS;

    fill(gate, monotonic_ms);
    if (gate->day != day) {
        gate->day = day;
        gate->today = 0;
    }
    if (monotonic_ms < gate->open_until_ms)
        return GATE_BREAKER;
    if (gate->today >= gate->per_day)
        return GATE_BUDGET;
    if (gate->tokens < 1)
        return GATE_RATE;
    gate->tokens -= 1;
    gate->today++;
    return GATE_GO;
}

void gate_report(struct gate *gate, bool ok, int64_t retry_after_ms, int64_t monotonic_ms)
{
    if (ok) {
        gate->failures = 0;
        gate->open_ms = GATE_FIRST_MS;
        return;
    }
    if (retry_after_ms > 0)
        gate->open_until_ms = monotonic_ms + MIN(retry_after_ms, (int64_t)GATE_MOST_MS);
    if (++gate->failures < GATE_FAILURES)
        return;
    gate->open_until_ms = MAX(gate->open_until_ms, monotonic_ms + gate->open_ms);
    gate->open_ms = MIN(2 * gate->open_ms, (int64_t)GATE_MOST_MS);
}
