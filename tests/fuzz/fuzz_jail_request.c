/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jail_request.c: any bytes as what the jail is sent, and as what evalx is sent from a box (a collected file's message). What the
 * jail accepts must be what wire.h promises; what evalx keeps of a collected file must lie below its own folder.
 *
 * The first byte chooses: whole messages; a good message with bytes laid over it (so that the checks behind the first are reached); a
 * collected file's message.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "box/box_internal.h"
#include "jail/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Every word lies in the message's strings, ends there, and the lists follow each other. */
static void accepted(const struct checked_request *checked, const char *message, size_t len)
{
    const struct jail_request *wire = checked->wire;
    const char *at = wire->strings, *end = message + len;
    char *const *lists[] = {checked->argv, checked->envp, checked->names};
    const uint32_t counts[] = {wire->argc, wire->envc, wire->namec};
    must(wire->argc >= 1 && checked->argv[0][0] != '\0');
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        for (uint32_t i = 0; i < counts[list]; i++) {
            must(lists[list][i] == at);
            at += strnlen(at, (size_t)(end - at)) + 1;
            must(at <= end);
        }
        must(!lists[list][counts[list]]);
    }
    must(at == end);
    must(wire->cpu_ns > 0 && wire->wall_ns > 0 && wire->memory_bytes > 0 && wire->stack_bytes > 0 &&
         wire->file_bytes > 0 && wire->tmpfs_bytes > 0);
    must(wire->processes >= 1 && wire->extra <= JAIL_EXTRA_MAX && wire->cpu_plus <= JAIL_CPUS_MAX);
    must(checked->fds_expected >= 3 && checked->fds_expected <= FD_MESSAGE_MAX_FDS);
}

/* In a block of exactly its size, so that a byte read or written behind it is noticed. */
static void whole(const uint8_t *data, size_t size)
{
    static struct checked_request checked;
    char *message = aligned_alloc(8, (size + 7) & ~(size_t)7);
    if (size > 0)
        memcpy(message, data, size);
    if (request_check(message, size, &checked) == 0)
        accepted(&checked, message, size);
    free(message);
}

static void laid_over(const uint8_t *data, size_t size)
{
    static const char words[] = "/bin/true\0one\0A=1\0out.txt";
    static _Alignas(8) uint8_t message[sizeof(struct jail_request) + 4096];
    struct jail_request good = {
        .header = {.magic = JAIL_MAGIC, .type = JAIL_RUN, .number = 1},
        .cpu_ns = 1000000000,
        .wall_ns = 1000000000,
        .memory_bytes = 1 << 26,
        .stack_bytes = 1 << 20,
        .file_bytes = 1 << 20,
        .tmpfs_bytes = 1 << 20,
        .processes = 8,
        .flags = JAIL_COLLECT,
        .argc = 2,
        .envc = 1,
        .namec = 1,
    };
    size_t text = size > sizeof good ? MIN(size - sizeof good, sizeof message - sizeof good) : sizeof words;
    memcpy(message, &good, sizeof good);
    memcpy(message + sizeof good, size > sizeof good ? data + sizeof good : (const uint8_t *)words, text);
    for (size_t i = 0; i < MIN(size, sizeof good); i++)
        message[i] ^= data[i];
    struct jail_request *request = (void *)message;
    request->strings_len ^= (uint32_t)text;
    whole(message, sizeof good + text);
}

/* ---- a collected file ---- */

static char folder[64], inner_folder[80];

static void remove_folders(void)
{
    rmdir(inner_folder);
    rmdir(folder);
}

static void make_folders(void)
{
    if (*folder)
        return;
    snprintf(folder, sizeof folder, "/dev/shm/evalx-fuzz-%d", getpid());
    snprintf(inner_folder, sizeof inner_folder, "%s/inner", folder);
    must(mkdir(folder, 0700) == 0 && mkdir(inner_folder, 0700) == 0);
    atexit(remove_folders);
}

static unsigned entries(int directory, bool remove_them, int depth)
{
    unsigned count = 0;
    DIR *dir = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (!remove_them)
            continue;
        int below =
            depth < 1200 ? openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (below >= 0) {
            entries(below, true, depth + 1);
            close(below);
        }
        unlinkat(directory, entry->d_name, below >= 0 ? AT_REMOVEDIR : 0);
    }
    if (dir)
        closedir(dir);
    return count;
}

static void collected(const uint8_t *data, size_t size)
{
    make_folders();
    int pair[2], content = memfd_create("content", MFD_CLOEXEC);
    int outer = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        inner = open(inner_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct jail_file file = {.magic = JAIL_MAGIC, .executable = size & 1};
    size_t len = MIN(size, sizeof file.name);
    memcpy(file.name, data, len);
    must(outer >= 0 && inner >= 0 && content >= 0 && write(content, "text", 4) == 4 &&
         lseek(content, 0, SEEK_SET) == 0);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    struct collector collector = {.socket = pair[0], .folder = inner, .room = 1 << 20};
    must(fd_send(pair[1], &file, sizeof file, &content, 1) == 0);
    collector_receive(&collector);
    must(entries(outer, false, 0) == 1); /* inner, and nothing beside it */
    entries(inner, true, 0);
    close(pair[0]);
    close(pair[1]);
    close(content);
    close(inner);
    close(outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    void (*const ways[])(const uint8_t *, size_t) = {whole, laid_over, collected};
    ways[data[0] % ARRAY_LEN(ways)](data + 1, size - 1);
    return 0;
}
