/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the files of this room share among themselves. */
#ifndef EVALX_LANGUAGE_INTERNAL_H
#define EVALX_LANGUAGE_INTERNAL_H

#include <regex.h>

#include "language/language.h"
#include "language/yaml_source.h"

enum { LANGUAGE_FILE_MAX = 65536, LANGUAGE_NAME_MAX = 32 };

/* definition.c: one language from the text of its file. -EINVAL with file and line. Release *ret. */
int definition_parse(const char *label, struct str text, struct language *ret, struct error *err);
void language_release(struct language *language);
void word_list_release(struct string_list *list);

/* registry.c: for discovery, which fills in what the file does not say. */
struct language *registry_language(struct registry *registry, size_t index);

/* validate.c: what a schema cannot say. Defaults are filled in already. */
int definition_validate(const struct yaml_source *source, const struct language *language, struct error *err);

/* A placeholder is {name}, name of [a-z_], not after a '$'; any other brace is an ordinary character. */
enum { PLACEHOLDER_IN_COMPILE = 1, PLACEHOLDER_IN_RUN = 2, PLACEHOLDER_IN_ENVIRONMENT = 4 };
struct placeholder {
    const char *name;
    unsigned where; /* PLACEHOLDER_IN_… flags */
    bool list;      /* stands alone and becomes 0..N words */
};
const struct placeholder *placeholder_find(struct str name); /* NULL when there is none */

/* The next placeholder of text: true, with its name and the place of its '{' and after its '}'. */
bool placeholder_next(const char *text, struct str *ret_name, const char **ret_start, const char **ret_end);

/* POSIX extended. Compiles and, when anchored, makes it match whole strings only. 0 or -EINVAL with regerror's words. */
int pattern_compile(regex_t *regex, const char *pattern, bool anchored, struct error *err);

/* java_source.c: the names that matter to the tools, out of a Java source. Empty views when there is none. */
struct java_names {
    struct str package;     /* "x.y", still with any blanks and comments inside */
    struct str public_type; /* the public top-level class, record, enum or interface */
    struct str main_type;   /* the top-level type that holds main, the public one before others */
    struct str first_type;
};
struct java_names java_scan(struct str code);
char *java_file_class(struct str code);  /* the class the file must be named after; the caller frees */
char *java_start_class(struct str code); /* the class to start, with its package; the caller frees */

/* nearest.c: Damerau-Levenshtein distance (optimal string alignment) of short words, ASCII case ignored. */
unsigned word_distance(const char *a, const char *b);

#endif
