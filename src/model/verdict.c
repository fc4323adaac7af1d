/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c: see verdict.h. */
#include "model/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/defs.h"

#define NAME_ENTRY(id, name) [id] = name,
static const char *const verdict_names[] = {VERDICTS(NAME_ENTRY)};
static const char *const status_names[] = {STATUSES(NAME_ENTRY)};
#undef NAME_ENTRY

const char *verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

const char *status_name(enum status status)
{
    return status_names[status];
}

/* The real-time signals by their numbers on Linux with glibc, which keeps 32 and 33 to itself (SIGRTMIN is no constant). */
const char *signal_name(int signal)
{
    static const char *const names[] = {
#define NAME(s) [s] = #s
        NAME(SIGHUP),   NAME(SIGINT),   NAME(SIGQUIT),     NAME(SIGILL),    NAME(SIGTRAP), NAME(SIGABRT),
        NAME(SIGBUS),   NAME(SIGFPE),   NAME(SIGKILL),     NAME(SIGUSR1),   NAME(SIGSEGV), NAME(SIGUSR2),
        NAME(SIGPIPE),  NAME(SIGALRM),  NAME(SIGTERM),     NAME(SIGSTKFLT), NAME(SIGCHLD), NAME(SIGCONT),
        NAME(SIGSTOP),  NAME(SIGTSTP),  NAME(SIGTTIN),     NAME(SIGTTOU),   NAME(SIGURG),  NAME(SIGXCPU),
        NAME(SIGXFSZ),  NAME(SIGPROF),  NAME(SIGVTALRM),   NAME(SIGWINCH),  NAME(SIGIO),   NAME(SIGPWR),
        NAME(SIGSYS),
#undef NAME
#define REALTIME(n) [34 + (n)] = "SIGRTMIN+" #n
        [32] = "SIG32", [33] = "SIG33", [34] = "SIGRTMIN", REALTIME(1),     REALTIME(2),   REALTIME(3),
        REALTIME(4),    REALTIME(5),    REALTIME(6),       REALTIME(7),     REALTIME(8),   REALTIME(9),
        REALTIME(10),   REALTIME(11),   REALTIME(12),      REALTIME(13),    REALTIME(14),  REALTIME(15),
        REALTIME(16),   REALTIME(17),   REALTIME(18),      REALTIME(19),    REALTIME(20),  REALTIME(21),
        REALTIME(22),   REALTIME(23),   REALTIME(24),      REALTIME(25),    REALTIME(26),  REALTIME(27),
        REALTIME(28),   REALTIME(29),   REALTIME(30),
#undef REALTIME
    };
    return signal > 0 && (size_t)signal < ARRAY_LEN(names) ? names[signal] : "SIG?";
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -EINVAL;
}

int verdict_from_name(const char *name, enum verdict *ret)
{
    int found = find_name(verdict_names, VERDICT_COUNT, name);
    if (found < 0)
        return found;
    *ret = (enum verdict)found;
    return 0;
}

int status_from_name(const char *name, enum status *ret)
{
    int found = find_name(status_names, STATUS_COUNT, name);
    if (found < 0)
        return found;
    *ret = (enum status)found;
    return 0;
}

bool status_final(enum status status)
{
    return status == STATUS_COMPLETED || status == STATUS_FAILED || status == STATUS_CANCELLED;
}
