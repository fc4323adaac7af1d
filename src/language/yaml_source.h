/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_source.h: the text of one YAML file, checked for form, so that every complaint about it can name its line.
 *
 * libcyaml turns YAML into structs but knows only roughly where a value stood. This keeps the document's tree beside it and finds
 * the line of a value by its path ("run.command[1]") when there is something to complain about.
 */
#ifndef EVALX_LANGUAGE_YAML_SOURCE_H
#define EVALX_LANGUAGE_YAML_SOURCE_H

#include <yaml.h>

#include "base/buf.h"
#include "base/error.h"

struct yaml_source {
    const char *label; /* the file's name for messages; borrowed */
    yaml_document_t document;
};

/*
 * Refuses what is not YAML, holds no or several documents, or has a repeated key or a NUL byte in a value. -EINVAL with file
 * and line; otherwise release *ret.
 */
int yaml_source_load(const char *label, struct str text, struct yaml_source *ret, struct error *err);
void yaml_source_release(struct yaml_source *source);

/* The scalar at this path as it is written; NULL when there is none. Belongs to source. */
const char *yaml_source_text(const struct yaml_source *source, const char *path);

/* Sets "FILE:LINE: PATH: message" (the line of the deepest part of path that is there) and returns -EINVAL. */
int yaml_source_error(const struct yaml_source *source, struct error *err, const char *path, const char *format, ...)
    ATTR_PRINTF(4, 5);

#endif
