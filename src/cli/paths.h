/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paths.h: where the things that came with evalx lie, seen from its executable: a build tree (build/evalx, languages/) or an
 * installation (PREFIX/bin/evalx, PREFIX/share/evalx/languages, PREFIX/libexec/evalx/evalx-jail).
 */
#ifndef EVALX_CLI_PATHS_H
#define EVALX_CLI_PATHS_H

/* The first place that exists, else the one of an installation (so that an error names it). The caller frees. */
char *path_languages(void);
char *path_hints(void);
char *path_jail(void);

#endif
