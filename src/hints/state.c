/* SPDX-License-Identifier: Apache-2.0 */
/* state.c: see state.h. */
#include "hints/state.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct source *state_source(struct state *state, size_t file_index)
{
    static const struct source_syntax plain = {.line_comments = "", .quotes = "", .long_quotes = ""};
    const struct hint_evidence *evidence = state->evidence;
    struct str text = {0};

    if (file_index >= SOURCES_MAX)
        file_index = 0;
    if (!state->has_source[file_index]) {
        if (file_index < evidence->file_count)
            text = evidence->files[file_index].text;
        if (text.len > HINT_SOURCE_WINDOW)
            text.len = HINT_SOURCE_WINDOW;
        source_init(&state->sources[file_index], text, state->file ? &state->file->syntax : &plain);
        state->has_source[file_index] = true;
    }
    return &state->sources[file_index];
}

const struct source_brackets *state_brackets(struct state *state)
{
    if (!state->has_brackets)
        source_match_brackets(state_source(state, 0), &state->brackets);
    state->has_brackets = true;
    return &state->brackets;
}

/* Later ones hide earlier ones of the same name, so that forgetting the last ones brings the earlier back. */
void state_bind(struct state *state, const char *name, struct str value)
{
    if (state->binding_count < BINDINGS_MAX)
        state->bindings[state->binding_count++] = (struct binding){.name = name, .value = value};
}

struct str state_keep(struct state *state, struct str value)
{
    struct str copy = {.data = state->scratch + state->scratch_len,
                       .len = MIN(value.len, SCRATCH_MAX - state->scratch_len)};
    if (copy.len > 0)
        memcpy(state->scratch + state->scratch_len, value.data, copy.len);
    state->scratch_len += copy.len;
    return copy;
}

const char *state_keep_name(struct state *state, const char *name)
{
    size_t size = strlen(name) + 1;
    if (size > SCRATCH_MAX - state->scratch_len)
        return NULL;
    return state_keep(state, (struct str){.data = name, .len = size}).data;
}

void state_bind_text(struct state *state, const char *name, const char *text)
{
    state_bind(state, name, state_keep(state, str_of(text)));
}

void state_bind_int(struct state *state, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    state_bind_text(state, name, text);
}

struct str state_value(const struct state *state, struct str name)
{
    for (size_t i = state->binding_count; i-- > 0;)
        if (str_is(name, state->bindings[i].name))
            return state->bindings[i].value;
    return (struct str){0};
}

int number_of(struct str digits)
{
    int number = 0;
    if (digits.len == 0 || digits.len > 7)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit((unsigned char)digits.data[i]))
            return 0;
        number = 10 * number + (digits.data[i] - '0');
    }
    return number;
}
