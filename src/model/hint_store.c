/* SPDX-License-Identifier: Apache-2.0 */
/* hint_store.c: the stored form of hints (stored.h), and of the notes that hold later ones (notes.h). */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/notes.h"
#include "model/stored.h"

void stored_set_hints(json_t *object, const char *key, const struct hint_list *hints)
{
    json_t *form = json_array();
    for (size_t i = 0; i < hints->count; i++) {
        const struct hint *hint = &hints->items[i];
        json_t *item = json_object();
        stored_set_text(item, "text", hint->text);
        stored_set_text(item, "rule", hint->rule);
        stored_set_text(item, "source", hint_source_name(hint->source));
        stored_set_text(item, "file", hint->file);
        stored_set_int(item, "line", hint->line);
        json_array_append_new(form, item);
    }
    json_object_set_new(object, key, form);
}

static enum hint_source get_hint_source(struct stored_load *load, const json_t *form)
{
    _cleanup_(freep) char *name = NULL;
    stored_get_text(load, form, "source", &name);
    for (int source = HINT_FROM_RULE; name && source <= HINT_FROM_MODEL; source++)
        if (strcmp(name, hint_source_name((enum hint_source)source)) == 0)
            return (enum hint_source)source;
    stored_damaged(load, "source");
    return HINT_FROM_RULE;
}

void stored_get_hints(struct stored_load *load, const json_t *object, const char *key, struct hint_list *ret)
{
    const json_t *items = stored_get_array(load, object, key, 0, HINTS_MAX);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        struct hint hint = {.source = get_hint_source(load, item)};
        stored_get_text(load, item, "text", &hint.text);
        stored_get_text(load, item, "rule", &hint.rule);
        stored_get_optional_text(load, item, "file", &hint.file);
        hint.line = (int)stored_get_int(load, item, "line", 0, INT_MAX);
        if (hint.text && hint.rule) {
            hint_list_add(ret, &hint);
            continue;
        }
        free(hint.text);
        free(hint.rule);
        free(hint.file);
    }
}

/* ---- notes ---- */

void notes_release(struct notes *notes)
{
    hint_list_release(&notes->hints);
    hint_list_release(&notes->test_hints);
    *notes = (struct notes){.test = -1};
}

void notes_store(const struct notes *notes, struct buf *out)
{
    json_t *root = stored_new();
    stored_set_bool(root, "last", notes->last);
    stored_set_bool(root, "changed", notes->changed);
    stored_set_hints(root, "hints", &notes->hints);
    stored_set_int(root, "test", notes->test);
    stored_set_hints(root, "test_hints", &notes->test_hints);
    stored_write(root, out);
}

int notes_load(const void *data, size_t len, struct notes *ret)
{
    struct stored_load load = {.code = 0};
    struct notes notes = {.test = -1};
    if (len == 0)
        return -ENODATA;
    json_auto_t *root = stored_parse(&load, data, len);
    if (!root)
        return load.code;
    notes.last = stored_get_bool(&load, root, "last");
    notes.changed = stored_get_bool(&load, root, "changed");
    stored_get_hints(&load, root, "hints", &notes.hints);
    notes.test = (int)stored_get_int(&load, root, "test", -1, SUBMISSION_TESTS_MAX - 1);
    stored_get_hints(&load, root, "test_hints", &notes.test_hints);
    if (load.code == 0)
        *ret = notes;
    else
        notes_release(&notes);
    return load.code;
}

static void copy_list(const struct hint_list *from, struct hint_list *to)
{
    hint_list_release(to);
    for (size_t i = 0; i < from->count; i++)
        hint_list_copy(to, &from->items[i]);
}

void notes_apply(const struct notes *notes, struct result *result)
{
    if (!notes->changed)
        return;
    copy_list(&notes->hints, &result->hints);
    if (notes->test >= 0 && (size_t)notes->test < result->test_count)
        copy_list(&notes->test_hints, &result->tests[notes->test].hints);
}

/* ---- what is found out later goes before what was guessed ---- */

static bool is_listed(const struct hint_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, text) == 0)
            return true;
    return false;
}

static bool names_place(const struct hint_list *list, const struct hint *hint)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct hint *item = &list->items[i];
        if (item->line == hint->line && (!item->file || !hint->file || strcmp(item->file, hint->file) == 0))
            return true;
    }
    return false;
}

/* What was guessed knows more: the place of the crash comes after the best of it, unless it is known. Whether it was not. */
static bool add_places(const struct hint_list *guessed, const struct hint_list *found, struct hint_list *ret)
{
    bool news = false;

    hint_list_copy(ret, &guessed->items[0]);
    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].line == 0 || names_place(guessed, &found->items[i]))
            continue;
        hint_list_copy(ret, &found->items[i]);
        news = true;
    }
    for (size_t i = 1; i < guessed->count; i++)
        hint_list_copy(ret, &guessed->items[i]);
    for (size_t i = 0; i < ret->count; i++)
        ret->items[i].rank = 0; /* they are in their order */
    return news;
}

void notes_of_crash(const struct result *result, int test, const struct hint_list *found, bool sure, struct notes *ret)
{
    const struct hint_list *guessed = &result->tests[test].hints;

    if (!sure || guessed->count == 0 || hint_list_is_sure(found)) {
        copy_list(found, &ret->test_hints);
    } else if (!add_places(guessed, found, &ret->test_hints)) {
        hint_list_release(&ret->test_hints);
        return;
    }
    ret->changed = true;
    ret->test = test;
    hint_list_rank(&ret->test_hints, HINTS_MAX);
    copy_list(&ret->test_hints, &ret->hints);
    for (size_t i = 0; i < result->hints.count; i++)
        if (!is_listed(guessed, result->hints.items[i].text))
            hint_list_copy(&ret->hints, &result->hints.items[i]);
    for (size_t i = 0; i < ret->hints.count; i++)
        ret->hints.items[i].rank = 0; /* they are in their order */
    hint_list_rank(&ret->hints, HINTS_MAX);
}

void notes_add(const struct result *result, const struct hint *hint, struct notes *ret)
{
    if (!ret->changed)
        copy_list(&result->hints, &ret->hints);
    ret->changed = true;
    hint_list_rank(&ret->hints, HINTS_MAX - 1);
    hint_list_copy(&ret->hints, hint);
}
