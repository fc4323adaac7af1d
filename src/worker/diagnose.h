/* SPDX-License-Identifier: Apache-2.0 */
/* diagnose.h: what a compiler has to say of a program that failed, beyond what its author is shown. Private to worker/. */
#ifndef EVALX_WORKER_DIAGNOSE_H
#define EVALX_WORKER_DIAGNOSE_H

#include "worker/program.h"

/*
 * Runs the language's diagnose.command over the sources in the box and appends what it says to notes: warnings, fix-its. It is kept with
 * the artifacts, so that the same program is looked at once. Nothing is appended when the language has no such command, or when anything
 * goes wrong: notes are evidence for hints, and hints may be missing.
 */
void diagnose(const struct program_request *request, struct box *box, struct buf *notes);

#endif
