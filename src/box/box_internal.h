/* SPDX-License-Identifier: Apache-2.0 */
/* box_internal.h: shared by the files of box/ only. */
#ifndef EVALX_BOX_BOX_INTERNAL_H
#define EVALX_BOX_BOX_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "box/box.h"
#include "jail/wire.h"

struct box {
    int socket;
    unsigned slot;
    struct jail *jail;
    pthread_mutex_t lock; /* guards number and cancelled against box_cancel */
    uint64_t number;      /* of the run under way; 0 = none */
    uint64_t last_number;
    bool cancelled;
    char *message; /* JAIL_STRINGS_MAX + the request, allocated once */
};

struct jail {
    pid_t pid;
    int control;
    unsigned count;
    unsigned cgroup_version;
    bool user_namespace;
    uint32_t weaker;      /* enum jail_weakness, of any slot */
    atomic_ulong rebuilt; /* for jail_rebuilt */
    char uncounted[JAIL_TEXT_MAX];
    struct box boxes[];
};

/* Files from the box, one message each: into a folder, or into the report when folder < 0. */
struct collector {
    int socket; /* our end; -1 when nothing is collected (any more) */
    int folder;
    int64_t room; /* bytes that may still be copied */
    unsigned files;
    struct box_report *report;
    bool failed;
};
void collector_receive(struct collector *collector);

/* One output stream of the program. */
struct stream {
    int fd; /* our end; -1 at its end */
    struct buf *out;
    size_t limit; /* bytes; one more is an overflow */
    bool overflow;
};
void stream_read(struct stream *stream);

#endif
