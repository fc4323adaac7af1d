/* SPDX-License-Identifier: Apache-2.0 */
/* saying.c: see saying.h. */
#include "hints/saying.h"

enum { NO_HINT = -1 };

struct said *saying_there(const struct state *state, struct saying *saying)
{
    if (state->line == 0 || state->evidence->stage != HINT_COMPILE)
        return NULL;
    for (size_t i = 0; i < saying->count; i++)
        if (saying->items[i].line == state->line && saying->items[i].file_index == state->file_index)
            return &saying->items[i];
    return NULL;
}

bool saying_is_echo(const struct state *state, const struct said *there, bool warning)
{
    if (!there)
        return false;
    return warning ? there->warning || there->column == state->column : there->error;
}

/* An error was explained where a warning was before: which goes first, and whether the other stays. */
static void settle(const struct state *state, const struct said *there, struct hint_list *list)
{
    struct hint *error = &list->items[list->count - 1], *warning = &list->items[there->hint];
    bool sure = error->rank > HINT_RANK_SURE - HINTS_MAX; /* later messages have a little less */

    if (there->column == state->column) {
        *(sure ? &warning->rank : &error->rank) = 0;
        return;
    }
    error->beside = true;
    if (sure)
        warning->rank = MIN(warning->rank, error->rank - 1);
}

void saying_add(const struct state *state, struct saying *saying, struct said *there, bool warning, size_t before,
                struct hint_list *list)
{
    bool again = before == list->count;

    saying->explained += !(again && there);
    if (!there) {
        there = &saying->items[saying->count++];
        *there = (struct said){.file_index = state->file_index,
                               .line = state->line,
                               .column = state->column,
                               .hint = again ? NO_HINT : (int)before};
    } else if (!again && warning) {
        list->items[before].beside = true;
    } else if (!again && there->hint != NO_HINT) {
        settle(state, there, list);
    }
    there->warning |= warning;
    there->error |= !warning;
}
