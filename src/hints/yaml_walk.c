/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_walk.c: see yaml_walk.h. */
#include "hints/yaml_walk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int walk_open(struct walk *walk, const char *path, struct str text, struct error *err)
{
    yaml_parser_t parser;

    *walk = (struct walk){.path = path, .err = err};
    if (!yaml_parser_initialize(&parser))
        return error_set(err, -ENOMEM, "%s: no memory for the YAML parser", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);
    int r = 0;
    if (!yaml_parser_load(&parser, &walk->document)) {
        r = error_set(err, -EINVAL, "%s:%zu: %s", path, parser.problem_mark.line + 1,
                      parser.problem ? parser.problem : "not YAML");
    } else if (!yaml_document_get_root_node(&walk->document)) {
        r = error_set(err, -EINVAL, "%s:1: the file is empty", path);
        yaml_document_delete(&walk->document);
    }
    yaml_parser_delete(&parser);
    return r;
}

void walk_close(struct walk *walk)
{
    yaml_document_delete(&walk->document);
}

int walk_line(const yaml_node_t *node)
{
    return (int)node->start_mark.line + 1;
}

const yaml_node_t *walk_root(struct walk *walk)
{
    return yaml_document_get_root_node(&walk->document);
}

void walk_mistake(struct walk *walk, const yaml_node_t *node, const char *format, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list args;

    if (walk->code < 0)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    walk->code = error_set(walk->err, -EINVAL, "%s:%d: %s", walk->path, walk_line(node), message);
}

static const yaml_node_t *node_at(struct walk *walk, int index)
{
    return yaml_document_get_node(&walk->document, index);
}

void walk_pairs(struct walk *walk, const yaml_node_t *node,
                void (*each)(struct walk *walk, const char *key, const yaml_node_t *value, void *target), void *target)
{
    if (node->type != YAML_MAPPING_NODE) {
        walk_mistake(walk, node, "must be a mapping");
        return;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top && walk->code == 0; pair++)
        each(walk, walk_text(walk, node_at(walk, pair->key)), node_at(walk, pair->value), target);
}

struct keyed {
    const struct walk_key *keys;
    size_t count;
    void *target;
    uint64_t seen;
};

static void read_key(struct walk *walk, const char *key, const yaml_node_t *value, void *target)
{
    struct keyed *keyed = target;

    for (size_t i = 0; i < keyed->count; i++) {
        if (strcmp(keyed->keys[i].name, key) != 0)
            continue;
        if (keyed->seen >> i & 1)
            walk_mistake(walk, value, "key \"%s\" is there twice", key);
        keyed->seen |= UINT64_C(1) << i;
        keyed->keys[i].read(walk, value, keyed->target);
        return;
    }
    walk_mistake(walk, value, "unknown key \"%.64s\"", key);
}

void walk_mapping(struct walk *walk, const yaml_node_t *node, const struct walk_key *keys, size_t count, void *target)
{
    struct keyed keyed = {.keys = keys, .count = count, .target = target};
    walk_pairs(walk, node, read_key, &keyed);
}

size_t walk_count(struct walk *walk, const yaml_node_t *node)
{
    (void)walk;
    if (node->type != YAML_SEQUENCE_NODE)
        return 1;
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

size_t walk_items(struct walk *walk, const yaml_node_t *node,
                  void (*each)(struct walk *walk, const yaml_node_t *item, void *target), void *target)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        each(walk, node, target);
        return 1;
    }
    const yaml_node_item_t *start = node->data.sequence.items.start;
    for (const yaml_node_item_t *item = start; item < node->data.sequence.items.top && walk->code == 0; item++)
        each(walk, node_at(walk, *item), target);
    return walk_count(walk, node);
}

const char *walk_text(struct walk *walk, const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE) {
        walk_mistake(walk, node, "must be a text");
        return "";
    }
    if (memchr(node->data.scalar.value, '\0', node->data.scalar.length)) {
        walk_mistake(walk, node, "holds a NUL byte");
        return "";
    }
    return (const char *)node->data.scalar.value;
}

void walk_set_text(struct walk *walk, const yaml_node_t *node, char **target)
{
    free(*target);
    *target = xstrdup(walk_text(walk, node));
}

int walk_integer(struct walk *walk, const yaml_node_t *node, int least, int most)
{
    const char *text = walk_text(walk, node);
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most)
        walk_mistake(walk, node, "must be a whole number from %d to %d", least, most);
    else
        return (int)number;
    return least;
}

bool walk_bool(struct walk *walk, const yaml_node_t *node)
{
    const char *text = walk_text(walk, node);
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        walk_mistake(walk, node, "must be true or false");
    return strcmp(text, "true") == 0;
}
