/* SPDX-License-Identifier: Apache-2.0 */
/* state.h: the folder that evalx keeps its database, artifacts and notes in. */
#ifndef EVALX_CLI_STATE_H
#define EVALX_CLI_STATE_H

#include "base/error.h"
#include "cli/privileges.h"

/*
 * Makes folder (0700) with its parents and the folder "artifacts" in it. When they belong to somebody else (made by root, or the user
 * changed), they and everything in them are handed to identity.
 */
int state_prepare(const char *folder, const struct identity *identity, struct error *err);

/* After privileges_drop: can this process work in folder? -EACCES with what to do about it. */
int state_check(const char *folder, const struct identity *identity, struct error *err);

/* Claims folder for this process until it ends (flock). Returns the descriptor to keep, -EBUSY when another evalx has it. */
int state_lock(const char *folder, struct error *err);

/* A fresh folder below /tmp for artifacts that nobody else uses, owned by identity; the caller frees the path. */
int scratch_new(const struct identity *identity, char **ret, struct error *err);
void scratch_remove(const char *folder);

#endif
