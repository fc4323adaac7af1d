/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mess.c: looks for what an earlier run left, then makes a mess of its own; which one, its argument says. Run by soak.c.
 * Exits with 1 when it found something or could not make its mess.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void need(bool holds, const char *what)
{
    if (!holds) {
        printf("%s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void empty(const char *path)
{
    DIR *dir = opendir(path);
    need(dir, path);
    for (struct dirent *entry; (entry = readdir(dir));)
        need(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0, entry->d_name);
    closedir(dir);
}

static void look(void)
{
    struct shm_info shm;
    struct seminfo sem;
    empty("/box/work");
    empty("/tmp");
    empty("/dev/shm");
    need(shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm) >= 0 && shm.used_ids == 0, "a shared memory segment");
    need(semctl(0, 0, SEM_INFO, &sem) >= 0 && sem.semusz == 0, "a semaphore");
}

static int leave_nothing(void)
{
    return 0;
}

static int leave_files(void)
{
    static const char *const places[] = {"/box/work", "/tmp", "/dev/shm"};
    for (size_t i = 0; i < 3; i++)
        for (int n = 0; n < 50; n++) {
            char path[64], block[4096] = "mess";
            snprintf(path, sizeof path, "%s/mess-%d", places[i], n);
            int fd = open(path, O_CREAT | O_WRONLY, 0600);
            need(fd >= 0 && write(fd, block, sizeof block) == sizeof block, path);
        }
    for (int i = 0; i < 30; i++)
        need(mkdir("d", 0700) == 0 && chdir("d") == 0, "a deep directory");
    return chmod(".", 0);
}

static int leave_processes(void)
{
    for (int i = 0; i < 10; i++)
        if (fork() == 0) {
            setsid();
            fork();
            for (;;)
                pause();
        }
    return 0;
}

static int leave_ipc(void)
{
    int id = shmget(IPC_PRIVATE, 65536, 0600);
    need(id >= 0 && semget(4711, 3, IPC_CREAT | 0666) >= 0 && msgget(4711, IPC_CREAT | 0666) >= 0, "System V objects");
    memset(shmat(id, NULL, 0), 1, 65536);
    return 0;
}

static int use_loopback(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(4711), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    need(bind(server, (struct sockaddr *)&at, sizeof at) == 0 && listen(server, 9) == 0, "port 4711");
    need(connect(client, (struct sockaddr *)&at, sizeof at) == 0, "connecting");
    return write(client, "mess", 4) == 4 ? 0 : 1;
}

/* Sockets that hold each other in flight, and one with a name: only the kernel's collector frees them. */
static int leave_cycles(void)
{
    for (int i = 0; i < 20; i++) {
        int pair[2];
        char control[CMSG_SPACE(2 * sizeof(int))] = {0}, byte = 'x';
        struct iovec io = {&byte, 1};
        struct msghdr message = {
            .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair of sockets");
        int named = socket(AF_UNIX, SOCK_STREAM, 0);
        int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "mess-%d", i);
        need(bind(named, (struct sockaddr *)&name,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0,
             "an abstract name");
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        if (!head)
            return 1;
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(2 * sizeof(int));
        int fds[2] = {pair[0], named};
        memcpy(CMSG_DATA(head), fds, sizeof fds);
        need(sendmsg(pair[1], &message, 0) == 1, "descriptors in flight");
        close(pair[0]);
        close(named);
        close(pair[1]);
    }
    return 0;
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static int leave_threads(void)
{
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        need(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0, "a thread");
    return 0;
}

static int use_memory(void)
{
    char *block = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(block != MAP_FAILED, "memory");
    memset(block, 1, 8 << 20);
    int fd = memfd_create("mess", 0);
    return ftruncate(fd, 1 << 20);
}

static int use_too_much_memory(void)
{
    for (int i = 0; i < 64; i++) {
        char *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(block != MAP_FAILED, "memory");
        memset(block, 1, 1 << 20);
    }
    return 1;
}

static int crash(void)
{
    return raise(SIGSEGV);
}

static int flood(void)
{
    static char block[65536];
    while (write(1, block, sizeof block) > 0)
        ;
    return 1;
}

static int (*const messes[])(void) = {leave_nothing, leave_files,   leave_processes, leave_nothing,
                                      leave_ipc,     use_loopback,  leave_cycles,    leave_nothing,
                                      leave_threads, use_memory,    crash,           leave_nothing,
                                      flood,         leave_nothing, leave_nothing,   use_too_much_memory};

int main(int argc, char **argv)
{
    if (argc != 2)
        return 99;
    look();
    return messes[strtoul(argv[1], NULL, 10) % (sizeof messes / sizeof messes[0])]();
}
