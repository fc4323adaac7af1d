/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box.h: run one program in a sandbox and say exactly what became of it.
 *
 * jail_start runs the privileged evalx-jail program (see src/jail/jail.c for the theory) and keeps a socket to each of its
 * slots; it must be called while the process is single-threaded and, for full isolation, root (jail_weaknesses says what is
 * weaker otherwise). Afterwards the caller may drop its privileges. box_run may be called from several threads, one at a time for each box.
 */
#ifndef EVALX_BOX_BOX_H
#define EVALX_BOX_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/limits.h"

struct jail;
struct box;

struct jail_config {
    const char *program; /* path of evalx-jail */
    unsigned slots;      /* 1..256 */
    const char *const
        *mounts;       /* host paths to bind read-only at the same place, NULL-terminated; missing ones are skipped */
    unsigned uid_base; /* slot i runs programs as uid and gid uid_base + i */
    bool rootless; /* build the boxes inside a user namespace, as whatever user this is; uid_base means nothing then */
};

/* Starts the jail and waits until every slot is ready. -errno with a message that says which step was refused. */
int jail_start(const struct jail_config *config, struct jail **ret, struct error *err);

/* Ends the jail: kills what runs, removes its cgroups. NULL is fine. */
void jail_stop(struct jail *jail);
DEFINE_CLEANUP(struct jail, jail_stop)

struct box *jail_box(struct jail *jail, unsigned slot); /* owned by the jail */
unsigned jail_slots(const struct jail *jail);
unsigned jail_cgroup_version(const struct jail *jail); /* 1 or 2; 0: no control group was to be had */
bool jail_user_namespace(const struct jail *jail);     /* programs also have a user namespace of their own */

/* One thing that is weaker in this sandbox than it should be. */
struct weakness {
    const char *name; /* short, for logs: "no control group" */
    const char *text; /* what it means for programs and for the machine, one sentence */
    const char *mend; /* what makes it as it should be */
    bool refuse;      /* not to be had without the operator's consent (sandbox.allow_degraded) */
};

/* The index-th of them (0, 1, …); false after the last. Static texts. */
bool jail_weakness(const struct jail *jail, unsigned index, struct weakness *ret);

/* Why there is no control group; "" when there is one. */
const char *jail_uncounted(const struct jail *jail);

/* Slots that were built anew since the start, as far as it is known: of one that has rested since, with its next run. */
unsigned long jail_rebuilt(const struct jail *jail);

pid_t jail_process(const struct jail *jail); /* the caller's child, waited for by jail_stop alone */

/* Readable when the jail process has died (poll it): the engine cannot run anything any more. */
int jail_death_fd(const struct jail *jail);

enum box_cause {
    BOX_EXITED,   /* exit_code */
    BOX_SIGNALED, /* signal */
    BOX_MEMORY_LIMIT,
    BOX_OUTPUT_LIMIT,
    BOX_CPU_LIMIT,
    BOX_WALL_LIMIT,
    BOX_CANCELLED,   /* box_cancel */
    BOX_EXEC_FAILED, /* the program could not be started: exec_errno */
};

enum { BOX_COLLECT_FILES_MAX = 4096, BOX_COLLECT_FOLDERS_MAX = 16 /* one in another */ };

struct box_spec {
    const char *const *argv; /* argv[0]: absolute path in the box, or relative to the working directory /box/work */
    const char *const *envp; /* "NAME=value", complete; nothing is inherited */
    int stdin_fd;            /* read by the program; -1: empty */
    int artifact_fd;         /* directory shown read-only at /artifact; -1: none */
    bool link_artifact;      /* put a symbolic link to every top-level entry of /artifact into the working directory */
    struct limits limits;    /* all members set */
    int64_t tmpfs_kb;        /* room in /box/work, /tmp and /dev/shm together; 0: 64 MiB */
    int64_t output_keep;     /* bytes of each stream kept in the report; 0: all up to the limit */
    int collect_fd; /* >= 0: every regular file below /box/work/out (which then exists) is copied into this directory, when it exits 0 */
    const char *const
        *collect_names;  /* NULL-terminated, or NULL: these files of the working directory end up in the report */
    int64_t collect_max; /* bytes of all of them together */
    int stdout_to;       /* > 0: standard output goes there instead of into the report, unlimited by output_kb */
    bool hand_over; /* stdin_fd and stdout_to (both are there) are box_run's to close, as soon as the run has them */
    const int *extra_fds; /* the program finds them at 3, 4, 5 */
    unsigned extra_count; /* at most 3 */
    bool pinned;          /* to one processor: */
    unsigned cpu;
};

/* A file that was asked for by collect_names. */
struct box_file {
    char *name;
    struct buf content;
};

struct box_report {
    enum box_cause cause;
    int exit_code; /* -1 unless the program exited by itself; also set for the limits when it did */
    int signal;    /* also set for the limits when a signal ended the program; 0 when none */
    int exec_errno;
    int64_t cpu_ns, wall_ns; /* CPU: user + system of the whole tree */
    int64_t memory_kb;       /* peak of the cgroup */
    bool oom_killed;
    bool processes_limited; /* a fork or thread was refused by the process limit */
    struct buf out, err;    /* captured output, at most limits.output_kb each */
    bool truncated;         /* output_keep or limits.output_kb cut one of them */
    struct box_file *files; /* of collect_names, those that were there */
    size_t file_count;
    bool collect_failed; /* something to be collected was not a regular file, or too many, or too large */
};

/* 0 and a report (release it), or -errno when the engine itself failed: the run may then be tried again on any box. */
int box_run(struct box *box, const struct box_spec *spec, struct box_report *ret, struct error *err);
void box_report_release(struct box_report *report);

/* Ends the current run of the box, if any, with BOX_CANCELLED. From any thread. */
void box_cancel(struct box *box);

#endif
