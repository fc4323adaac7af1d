/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.h: what became known of a submission after its result was stored: better hints. The store keeps them beside the result
 * (store_annotate), and whoever shows the result puts them in place of its own.
 *
 * Each notes hold the whole of what is to be shown, so that the newest alone counts. {.test = -1} are empty ones.
 */
#ifndef EVALX_MODEL_NOTES_H
#define EVALX_MODEL_NOTES_H

#include "model/result.h"

struct notes {
    bool last;              /* nothing more will come */
    bool changed;           /* the lists below hold; otherwise the result's own do */
    struct hint_list hints; /* of the submission */
    int test;               /* index of a test case that has other hints, too; -1: none has */
    struct hint_list test_hints;
};

void notes_release(struct notes *notes);

/* The stored form, appended to out, and back. -ENODATA: there are none yet. */
void notes_store(const struct notes *notes, struct buf *out);
int notes_load(const void *data, size_t len, struct notes *ret);

/* Puts the hints in place of the result's. */
void notes_apply(const struct notes *notes, struct result *result);

/*
 * What a crash of that test case really came from, put into *ret, which is empty: before everything else, and in place of what was said
 * about this test case from its outside. But where that is sure (hint_list_is_sure, asked before it was stored) and found only knows where it
 * happened, what was said stays in front, and found follows it, as far as it names lines that have no hint yet.
 */
void notes_of_crash(const struct result *result, int test, const struct hint_list *found, bool sure, struct notes *ret);

/* One hint more for the submission, at the end; copied. */
void notes_add(const struct result *result, const struct hint *hint, struct notes *ret);

#endif
