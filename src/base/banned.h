/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h: functions that have hurt others, refused by the compiler. Force-included after the system headers it needs. */
#ifndef EVALX_BASE_BANNED_H
#define EVALX_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Some are macros of the headers above; what they stand for is banned, not the macro. */
#undef strncpy
#undef strncat
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok system popen gmtime localtime ctime asctime \
    mktemp tmpnam gets atoi atol atof

#endif
