/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_source.c: form checks on a YAML text, and the line of a value by its path. */
#include "language/yaml_source.h"

#include <errno.h>
#include <stdbool.h>

static int mark_error(const char *label, const yaml_mark_t *mark, struct error *err, const char *message)
{
    return error_set(err, -EINVAL, "%s:%zu: %s", label, mark->line + 1, message);
}

static bool same_scalar(const yaml_node_t *a, const yaml_node_t *b)
{
    return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
           a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

/* The key of an earlier pair of this mapping that is repeated later: the later one, or NULL. */
static const yaml_node_t *repeated_key(yaml_document_t *document, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *start = mapping->data.mapping.pairs.start;
    for (const yaml_node_pair_t *pair = start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(document, pair->key);
        for (const yaml_node_pair_t *earlier = start; earlier < pair; earlier++)
            if (same_scalar(yaml_document_get_node(document, earlier->key), key))
                return key;
    }
    return NULL;
}

/* Walks the table of nodes, not the tree: anchors may make the tree endless. */
static int check_nodes(const char *label, yaml_document_t *document, struct error *err)
{
    for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
        if (node->type == YAML_SCALAR_NODE && memchr(node->data.scalar.value, '\0', node->data.scalar.length))
            return mark_error(label, &node->start_mark, err, "a value holds a NUL byte");
        if (node->type != YAML_MAPPING_NODE)
            continue;
        const yaml_node_t *key = repeated_key(document, node);
        if (key)
            return error_set(err, -EINVAL, "%s:%zu: key \"%.64s\" is there twice", label, key->start_mark.line + 1,
                             (const char *)key->data.scalar.value);
    }
    return 0;
}

static int parser_error(const char *label, const yaml_parser_t *parser, struct error *err)
{
    return mark_error(label, &parser->problem_mark, err, parser->problem ? parser->problem : "not YAML");
}

/* There must be nothing after the first document. */
static int check_end(const char *label, yaml_parser_t *parser, struct error *err)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next))
        return parser_error(label, parser, err);
    yaml_mark_t mark = next.start_mark;
    bool end = yaml_document_get_root_node(&next) == NULL;
    yaml_document_delete(&next);
    return end ? 0 : mark_error(label, &mark, err, "a second document: one file holds one");
}

static int check_whole(const char *label, yaml_parser_t *parser, yaml_document_t *document, struct error *err)
{
    if (!yaml_document_get_root_node(document))
        return error_set(err, -EINVAL, "%s:1: the file is empty", label);
    int r = check_nodes(label, document, err);
    return r < 0 ? r : check_end(label, parser, err);
}

int yaml_source_load(const char *label, struct str text, struct yaml_source *ret, struct error *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_set(err, -ENOMEM, "%s: no memory for the YAML parser", label);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);

    yaml_document_t document;
    int r;
    if (!yaml_parser_load(&parser, &document)) {
        r = parser_error(label, &parser, err);
    } else {
        r = check_whole(label, &parser, &document, err);
        if (r < 0)
            yaml_document_delete(&document);
        else
            *ret = (struct yaml_source){.label = label, .document = document};
    }
    yaml_parser_delete(&parser);
    return r;
}

void yaml_source_release(struct yaml_source *source)
{
    yaml_document_delete(&source->document);
}

/* The value of a key; *ret_line gets the key's line. NULL when the mapping has no such key. */
static yaml_node_t *child_by_key(yaml_document_t *document, const yaml_node_t *mapping, struct str key,
                                 size_t *ret_line)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *node = yaml_document_get_node(document, pair->key);
        if (node->type != YAML_SCALAR_NODE)
            continue;
        struct str name = {.data = (const char *)node->data.scalar.value, .len = node->data.scalar.length};
        if (!str_eq(name, key))
            continue;
        *ret_line = node->start_mark.line + 1;
        return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static yaml_node_t *child_by_index(yaml_document_t *document, const yaml_node_t *sequence, size_t index,
                                   size_t *ret_line)
{
    if (sequence->type != YAML_SEQUENCE_NODE)
        return NULL;
    const yaml_node_item_t *start = sequence->data.sequence.items.start;
    if (index >= (size_t)(sequence->data.sequence.items.top - start))
        return NULL;
    yaml_node_t *node = yaml_document_get_node(document, start[index]);
    *ret_line = node->start_mark.line + 1;
    return node;
}

/* The node at path ("a.b[3]"), NULL when it does not go all the way. *ret_line is the line of the last part found. */
static const yaml_node_t *follow(const struct yaml_source *source, const char *path, size_t *ret_line)
{
    /* libyaml's getters take a pointer to non-const but change nothing. */
    yaml_document_t document = source->document;
    yaml_node_t *node = yaml_document_get_root_node(&document);
    *ret_line = node->start_mark.line + 1;
    while (*path) {
        if (*path == '[') {
            char *end;
            node = child_by_index(&document, node, strtoul(path + 1, &end, 10), ret_line);
            path = *end == ']' ? end + 1 : end;
        } else {
            size_t len = strcspn(path, ".[");
            node = child_by_key(&document, node, (struct str){.data = path, .len = len}, ret_line);
            path += len;
        }
        if (!node)
            return NULL;
        if (*path == '.')
            path++;
    }
    return node;
}

const char *yaml_source_text(const struct yaml_source *source, const char *path)
{
    size_t line;
    const yaml_node_t *node = follow(source, path, &line);
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

int yaml_source_error(const struct yaml_source *source, struct error *err, const char *path, const char *format, ...)
{
    size_t line;
    follow(source, path, &line);
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(err, -EINVAL, "%s:%zu: %s%s%s", source->label, line, path, *path ? ": " : "", message);
}
