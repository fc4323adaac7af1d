/* SPDX-License-Identifier: Apache-2.0 */
/* hint.c: see hint.h. */
#include "model/hint.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

void hint_release(struct hint *hint)
{
    free(hint->text);
    free(hint->rule);
    free(hint->file);
}

void hint_list_release(struct hint_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        hint_release(&list->items[i]);
    free(list->items);
    *list = (struct hint_list){0};
}

void hint_list_add(struct hint_list *list, const struct hint *hint)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].text, hint->text) != 0)
            continue;
        struct hint twice = *hint;
        if (hint->rank > list->items[i].rank)
            list->items[i].rank = hint->rank;
        hint_release(&twice);
        return;
    }
    list->items = xrealloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = *hint;
}

void hint_list_copy(struct hint_list *list, const struct hint *hint)
{
    struct hint copy = *hint;
    copy.text = xstrdup(hint->text);
    copy.rule = xstrdup(hint->rule);
    copy.file = hint->file ? xstrdup(hint->file) : NULL;
    hint_list_add(list, &copy);
}

void hint_list_rank(struct hint_list *list, size_t most)
{
    for (size_t i = 1; i < list->count; i++) {
        struct hint moved = list->items[i];
        size_t at = i;
        for (; at > 0 && list->items[at - 1].rank < moved.rank; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = moved;
    }
    while (list->count > most)
        hint_release(&list->items[--list->count]);
}

bool hint_list_is_sure(const struct hint_list *list)
{
    return list->count > 0 && list->items[0].line > 0 && list->items[0].rank >= HINT_RANK_SURE;
}

const char *hint_source_name(enum hint_source source)
{
    static const char *const names[] = {
        [HINT_FROM_RULE] = "rule", [HINT_FROM_SANITIZER] = "sanitizer", [HINT_FROM_MODEL] = "model"};
    return names[source];
}

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text, strlen(text), NULL) : json_null();
}

json_t *hint_texts_json(const struct hint_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, text_or_null(list->items[i].text));
    return array;
}

json_t *hint_details_json(const struct hint_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct hint *hint = &list->items[i];
        json_t *form = json_object();
        json_object_set_new(form, "text", text_or_null(hint->text));
        json_object_set_new(form, "rule", text_or_null(hint->rule));
        json_object_set_new(form, "source", json_string(hint_source_name(hint->source)));
        json_object_set_new(form, "file", text_or_null(hint->file));
        json_object_set_new(form, "line", hint->line > 0 ? json_integer(hint->line) : json_null());
        json_array_append_new(array, form);
    }
    return array;
}
