#include <netinet/in.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>
#include "hostile.h"
/*
 * Two of these try to meet. The input says how: "leave" leaves traces of every kind and ends, "look" looks for them (one after the other,
 * in one slot); "first" and "second" try for two seconds, at once, in two slots.
 */
static void met(const char *by) { printf("ESCAPED they met by %s\n", by); fflush(stdout); }

static const char *const paths[] = {"/tmp/evalx-hostile-meet", "/dev/shm/evalx-hostile-meet", "/var/tmp/evalx-hostile-meet", "/box/work/evalx-hostile-meet", "/box/evalx-hostile-meet",
                                    "/artifact/evalx-hostile-meet", "/run/evalx-hostile-meet", "/usr/evalx-hostile-meet", "/dev/evalx-hostile-meet", "/proc/self/evalx-hostile-meet",
                                    "/dev/mqueue/evalx-hostile-meet", "/sys/fs/cgroup/evalx-hostile-meet"};
static struct timespec device_times[5];
static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

static void remember_devices(void)
{
    for (int i = 0; i < 5; i++) {
        struct stat st;
        stat(devices[i], &st);
        device_times[i] = st.st_mtim;
    }
}

static void leave(void)
{
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        close(open(paths[i], O_CREAT | O_WRONLY, 0666));
    for (int i = 0; i < 5; i++)
        utimensat(AT_FDCWD, devices[i], NULL, 0);
    shmget(0x4711, 4096, IPC_CREAT | 0666);
    semget(0x4711, 1, IPC_CREAT | 0666);
    msgget(0x4711, IPC_CREAT | 0666);
    syscall(SYS_add_key, "user", "evalx-hostile", "x", 1, -3);
    syscall(SYS_add_key, "user", "evalx-hostile", "x", 1, -4);
    syscall(SYS_add_key, "user", "evalx-hostile", "x", 1, -5);
    setpriority(PRIO_PROCESS, 1, 11);
    int usr = open("/usr/bin/env", O_RDONLY);
    flock(usr, LOCK_EX | LOCK_NB);
    struct flock lock = {.l_type = F_RDLCK};
    fcntl(usr, F_SETLK, &lock);
    fcntl(usr, F_SETLEASE, F_RDLCK);
}

static void listen_everywhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(40001)};
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0evalx-hostile-1"};
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + 16;
    int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(tcp, (struct sockaddr *)&at, sizeof at) < 0 && errno == EADDRINUSE)
        met("a TCP port in use");
    listen(tcp, 9);
    if (bind(udp, (struct sockaddr *)&at, sizeof at) < 0 && errno == EADDRINUSE)
        met("a UDP port in use");
    if (bind(local, (struct sockaddr *)&name, len) < 0 && errno == EADDRINUSE)
        met("an abstract name in use");
    listen(local, 9);
}

static void look(void)
{
    struct flock lock = {.l_type = F_WRLCK};
    struct stat st;
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], F_OK) == 0)
            met(paths[i]);
    for (int i = 0; i < 5; i++)
        if (stat(devices[i], &st) == 0 && (st.st_mtim.tv_sec != device_times[i].tv_sec || st.st_mtim.tv_nsec != device_times[i].tv_nsec))
            met("the times of a device");
    if ((shmget(0x4711, 0, 0) >= 0 || semget(0x4711, 0, 0) >= 0 || msgget(0x4711, 0) >= 0))
        met("a System V object");
    if (syscall(SYS_request_key, "user", "evalx-hostile", NULL, 0) >= 0 || syscall(SYS_keyctl, 10, -3, "user", "evalx-hostile", 0) >= 0)
        met("a key");
    errno = 0;
    if (getpriority(PRIO_PROCESS, 1) == 11)
        met("the priority of process 1");
    int usr = open("/usr/bin/env", O_RDONLY);
    if (flock(usr, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        met("a lock of a file of the image");
    if (fcntl(usr, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        met("a record lock of a file of the image");
    close(usr);
}

/* A local or TCP listener of the one, a connection by the other. */
static void listen_as(int who)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(40010 + who))};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "evalx-hostile-as-%d", who);
    int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(tcp, (struct sockaddr *)&at, sizeof at);
    bind(local, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 19);
    listen(tcp, 9);
    listen(local, 9);
}

static void connect_to(int who)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(40010 + who)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "evalx-hostile-as-%d", who);
    int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(tcp, (struct sockaddr *)&at, sizeof at) == 0)
        met("a TCP connection");
    if (connect(local, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 19) == 0)
        met("a local connection");
    close(tcp), close(local);
}

/* The first makes, holds and watches; the second looks, and does what would be seen. */
static void meet(int who)
{
    char block[4096];
    int watch = who == 0 ? (int)syscall(SYS_inotify_init1, O_NONBLOCK) : -1;
    if (watch >= 0)
        syscall(SYS_inotify_add_watch, watch, "/usr/bin/env", 0xfff);
    listen_everywhere();
    listen_as(who);
    for (double end = now() + 2; now() < end; nap(0.05)) {
        connect_to(!who);
        for (pid_t pid = 2; pid < 3000; pid++)
            if (pid != getpid() && kill(pid, 0) == 0)
                met("a signal");
        if (who == 0) {
            leave();
            if (watch >= 0 && read(watch, block, sizeof block) > 0)
                met("a watch of a file of the image");
        } else {
            look();
        }
    }
}

int main(void)
{
    char how[16] = "";
    if (!fgets(how, sizeof how, stdin))
        return 1;
    remember_devices();
    if (strcmp(how, "leave") == 0) {
        leave();
        listen_everywhere();
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(40001), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        (void)!connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at); /* leaves it in TIME_WAIT */
    } else if (strcmp(how, "look") == 0) {
        look();
        listen_everywhere();
    } else {
        meet(strcmp(how, "second") == 0);
    }
    return done();
}
