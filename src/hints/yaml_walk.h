/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_walk.h: a YAML text read key by key, each by a function from a table, every mistake with file and line. Private to hints/.
 *
 * The first mistake is kept; everything after it does nothing, so that a reader asks once, at its end.
 */
#ifndef EVALX_HINTS_YAML_WALK_H
#define EVALX_HINTS_YAML_WALK_H

#include <stdbool.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/error.h"

struct walk {
    const char *path;
    yaml_document_t document;
    int code;
    struct error *err;
};

struct walk_key {
    const char *name;
    void (*read)(struct walk *walk, const yaml_node_t *node, void *target);
};

int walk_open(struct walk *walk, const char *path, struct str text, struct error *err);
void walk_close(struct walk *walk);

void walk_mistake(struct walk *walk, const yaml_node_t *node, const char *format, ...) ATTR_PRINTF(3, 4);
int walk_line(const yaml_node_t *node);
const yaml_node_t *walk_root(struct walk *walk);

/* A mapping with these keys only. */
void walk_mapping(struct walk *walk, const yaml_node_t *node, const struct walk_key *keys, size_t count, void *target);

/* A mapping with any keys. */
void walk_pairs(struct walk *walk, const yaml_node_t *node,
                void (*each)(struct walk *walk, const char *key, const yaml_node_t *value, void *target), void *target);

/* A sequence, or a single value as a sequence of one. Returns its length; each is called with every item. */
size_t walk_items(struct walk *walk, const yaml_node_t *node,
                  void (*each)(struct walk *walk, const yaml_node_t *item, void *target), void *target);
size_t walk_count(struct walk *walk, const yaml_node_t *node);

const char *walk_text(struct walk *walk, const yaml_node_t *node); /* "" after a mistake */
void walk_set_text(struct walk *walk, const yaml_node_t *node, char **target);
int walk_integer(struct walk *walk, const yaml_node_t *node, int least, int most);
bool walk_bool(struct walk *walk, const yaml_node_t *node);

#endif
