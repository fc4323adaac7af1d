/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_yaml.c: evalx.yaml. A document is flattened into dotted keys ("store: {lease: 10s}" and "store.lease: 10s" are the same), and each is
 * handed to config_set. Mistakes are told with file and line: unknown keys (with the nearest one), keys given twice, values of the wrong type.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <yaml.h>

#include "base/fd.h"
#include "cli/config.h"
#include "cli/nearest.h"

enum { FILE_MAX = 1 << 20, DEPTH_MAX = 8, LIST_MAX = 256 };

struct reading {
    struct config *config;
    const char *path;
    yaml_document_t document;
    struct error *err;
    bool seen[CONFIG_KEY_COUNT];
};

static unsigned line_of(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

static int complain(const struct reading *reading, const yaml_node_t *node, const char *what, const char *name)
{
    return error_set(reading->err, -EINVAL, "%s:%u: %s%s%s%s", reading->path, line_of(node), what,
                     name != NULL ? " \"" : "", name != NULL ? name : "", name != NULL ? "\"" : "");
}

/* A scalar's text without NUL bytes inside, or NULL. */
static const char *scalar_text(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE || strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
        return NULL;
    return (const char *)node->data.scalar.value;
}

static int unknown_key(const struct reading *reading, const yaml_node_t *node, const char *name)
{
    struct nearest nearest = {.word = name};

    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        nearest_offer(&nearest, config_keys[i].name);
    if (nearest.best == NULL)
        return complain(reading, node, "unknown key", name);
    return error_set(reading->err, -EINVAL, "%s:%u: unknown key \"%s\"; did you mean \"%s\"?", reading->path,
                     line_of(node), name, nearest.best);
}

static int read_value(struct reading *reading, const char *name, const yaml_node_t *key_node, const yaml_node_t *value)
{
    const struct config_key *key = config_key_find(name);
    const char *items[LIST_MAX];
    size_t count = 0;

    if (key == NULL)
        return unknown_key(reading, key_node, name);
    if (reading->seen[key - config_keys])
        return complain(reading, key_node, "given twice: key", name);
    reading->seen[key - config_keys] = true;

    if (value->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *at = value->data.sequence.items.start; at < value->data.sequence.items.top; at++) {
            const yaml_node_t *item = yaml_document_get_node(&reading->document, *at);
            const char *text = scalar_text(item);
            if (text == NULL || count == LIST_MAX)
                return complain(reading, item, "must be a list of plain values: key", name);
            items[count++] = text;
        }
    } else {
        items[0] = scalar_text(value);
        if (items[0] == NULL)
            return complain(reading, value, "must have a value without NUL bytes: key", name);
        count = 1;
    }
    _cleanup_(freep) char *where = xasprintf("%s:%u", reading->path, line_of(value));
    return config_set(reading->config, key, items, count, CONFIG_FROM_FILE, where, reading->err);
}

static int read_mapping(struct reading *reading, const char *prefix, const yaml_node_t *mapping, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return complain(reading, mapping, "nested too deeply", NULL);

    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&reading->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&reading->document, pair->value);
        const char *text = scalar_text(key);
        if (text == NULL)
            return complain(reading, key, "keys must be plain words", NULL);

        _cleanup_(freep) char *name = xasprintf("%s%s%s", prefix, prefix[0] != '\0' ? "." : "", text);
        int r = value->type == YAML_MAPPING_NODE ? read_mapping(reading, name, value, depth + 1)
                                                 : read_value(reading, name, key, value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_document(struct reading *reading, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &reading->document))
        return error_set(reading->err, -EINVAL, "%s:%zu: not YAML: %s", reading->path, parser->problem_mark.line + 1,
                         parser->problem != NULL ? parser->problem : "unreadable");

    const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
    int r = 0;
    if (root != NULL && root->type == YAML_MAPPING_NODE)
        r = read_mapping(reading, "", root, 1);
    else if (root != NULL && !(root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
        r = complain(reading, root, "must be keys and values", NULL);
    yaml_document_delete(&reading->document);
    return r;
}

int config_read_file(struct config *config, const char *path, struct error *err)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    int r = fd_read_file(AT_FDCWD, path, FILE_MAX, &text);
    if (r < 0)
        return error_errno(err, r, "reading %s", path);

    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_errno(err, -ENOMEM, "reading %s", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)buf_str(&text), text.len);
    struct reading reading = {.config = config, .path = path, .err = err};
    r = read_document(&reading, &parser);
    yaml_parser_delete(&parser);
    return r;
}
