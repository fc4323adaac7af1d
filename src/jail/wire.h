/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: what travels between evalx and evalx-jail: fixed structs over one SOCK_SEQPACKET socket a slot.
 *
 *   evalx → slot   JAIL_RUN     request + strings, descriptors: stdin, stdout, stderr, further ones, [artifact], [collect socket]
 *   evalx → slot   JAIL_CANCEL  ends the run with that number, if it is still going
 *   slot → evalx   JAIL_READY   the slot is built (after start, and after every rebuild)
 *   slot → evalx   JAIL_REPORT  the run with that number has ended and nothing of it is left alive
 *   jail → evalx   JAIL_LOST    the slot process died; a run that was under way has no report and never will
 *   jail → evalx   JAIL_FAILED  a slot cannot be built; text says which step was refused
 *
 * The jail trusts nothing of this: every field is validated again on its side (request.c). Both sides are the same machine and
 * the same build, so the byte order is the machine's; magic holds the format's version.
 */
#ifndef EVALX_JAIL_WIRE_H
#define EVALX_JAIL_WIRE_H

#include <stdint.h>

enum {
    JAIL_MAGIC = 0x45584a02,
    JAIL_STRINGS_MAX =
        131072, /* bytes of argv, envp and names together, with their NULs: 256 files, 32 KiB of arguments, and a compiler's own */
    JAIL_WORDS_MAX = 1024, /* entries of argv and envp together */
    JAIL_TEXT_MAX = 512,
    JAIL_CPUS_MAX = 1024,
    JAIL_EXTRA_MAX = 3,     /* descriptors that a program has beyond 0, 1 and 2 */
    JAIL_NAME_MAX = 1024,   /* bytes of a collected file's relative path, with its NUL */
    JAIL_CONTROL_FD = 3,    /* evalx-jail finds its control socket here ... */
    JAIL_FIRST_SLOT_FD = 4, /* ... and its slots' sockets here and after */
};

enum jail_message { JAIL_RUN = 1, JAIL_CANCEL, JAIL_READY, JAIL_REPORT, JAIL_LOST, JAIL_FAILED };

enum jail_flags {
    JAIL_HAS_ARTIFACT = 1U << 0,  /* a directory descriptor follows the three streams: shown read-only at /artifact */
    JAIL_LINK_ARTIFACT = 1U << 1, /* its top-level entries are linked into the working directory */
    JAIL_COLLECT =
        1U << 2, /* the last descriptor is a socket to which files are sent: those named, else all below out/ */
    JAIL_FLAGS_ALL = (1U << 3) - 1,
};

struct jail_header {
    uint32_t magic;
    uint32_t type;   /* enum jail_message */
    uint64_t number; /* of the run; 0 where none is meant */
};

/* JAIL_RUN. argc + envc + namec NUL-terminated strings follow, in this order. */
struct jail_request {
    struct jail_header header;
    int64_t cpu_ns, wall_ns; /* 1 ms … 1 h */
    int64_t memory_bytes, stack_bytes, file_bytes, tmpfs_bytes;
    uint32_t processes;
    uint32_t flags; /* enum jail_flags */
    uint32_t argc, envc;
    uint32_t namec;    /* files to collect from the working directory; 0 with JAIL_COLLECT: all below out/ */
    uint32_t extra;    /* descriptors that the program finds at 3 and after */
    uint32_t cpu_plus; /* 1 + the processor it is pinned to; 0: any */
    uint32_t strings_len;
    char strings[];
};

/* JAIL_REPORT: facts, not verdicts; who is to blame is decided in box/. */
struct jail_report {
    struct jail_header header;
    int64_t cpu_ns, wall_ns, memory_bytes;
    int32_t wait_status; /* as wait(2) gives it; meaningless when exec_errno is set */
    int32_t exec_errno;  /* the program could not be started */
    uint8_t oom_killed;
    uint8_t processes_limited; /* a fork was refused by the process limit */
    uint8_t cpu_exceeded, wall_exceeded;
    uint8_t cancelled;
    uint8_t collect_failed;
    uint8_t reserved[2];
};

/* What is weaker than it should be, as bits of jail_notice.weaker. What each means for a user: box/weakness.c. */
enum jail_weakness {
    JAIL_WEAK_USER = 1U << 0,           /* no root: programs run as evalx's own user, all slots as the same */
    JAIL_WEAK_GROUPS = 1U << 1,         /* no root: programs keep the other groups of that user */
    JAIL_WEAK_COUNTING = 1U << 2,       /* no control group: processes are looked at one by one */
    JAIL_WEAK_PRIORITY = 1U << 3,       /* whoever keeps the limits has no precedence over programs */
    JAIL_WEAK_USER_NAMESPACE = 1U << 4, /* as root: programs have no user namespace of their own */
    JAIL_WEAKNESSES = 5,
};

/* JAIL_READY: what this slot has; text: why there is no control group. JAIL_FAILED: why it has nothing. */
struct jail_notice {
    struct jail_header header;
    uint32_t cgroup_version; /* 1 or 2; 0: none */
    uint32_t user_namespace; /* 1: programs also have a user namespace of their own */
    uint32_t weaker;         /* enum jail_weakness */
    uint32_t reserved;
    char text[JAIL_TEXT_MAX];
};

/* On the collect socket, one message a file with its descriptor, in no particular order; the socket's end is the end. */
struct jail_file {
    uint32_t magic;
    uint32_t executable;
    char name[JAIL_NAME_MAX]; /* relative to out/, or the name that was asked for; terminated */
};

#endif
