/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside.c: looks at a box from within: what a program there is, sees, and is refused. Run by view.c, on cgroup v1 and v2.
 *
 * Prints one line a statement, "ok - NAME" or "not ok - NAME: what was found", and "end COUNT" last. What is refused is tried, not looked
 * up (system calls: inside_calls.c), with arguments that would do nothing if it were let through.
 *
 *   inside look STACK_BYTES FILE_BYTES [rootless]      all statements
 *   inside wait                             says "ready" and waits to be looked at from outside (posture)
 *   inside crash                            crashes, after trying to have the crash handled
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "inside.h"

static unsigned statements;
static bool rootless; /* the box was built without root: what is the program's own then is not refused */

void state(bool holds, const char *name, const char *found, ...)
{
    statements++;
    printf("%s - %s", holds ? "ok" : "not ok", name);
    if (!holds) {
        va_list args;
        va_start(args, found);
        printf(": ");
        vprintf(found, args);
        va_end(args);
    }
    putchar('\n');
}

void refused(const char *name, long result, int expected)
{
    int got = errno;
    state(result < 0 && got == expected, name, "%s, not %s", result < 0 ? strerror(got) : "it was done",
          strerror(expected));
}

static void absent(const char *path)
{
    char name[300];
    struct stat st;
    snprintf(name, sizeof name, "there is no %s", path);
    errno = 0;
    refused(name, lstat(path, &st), ENOENT);
}

static size_t read_text(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = 0, n = 0;
    while (fd >= 0 && (size_t)len < size - 1 && (n = read(fd, out + len, size - 1 - (size_t)len)) > 0)
        len += n;
    out[len] = '\0';
    if (fd >= 0)
        close(fd);
    return (size_t)len;
}

/* ---- who one is ---- */

static void status_is(const char *key, const char *expected)
{
    char text[16384], name[100], value[256] = "(missing)";
    read_text("/proc/self/status", text, sizeof text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
            snprintf(value, sizeof value, "%s", line + strlen(key) + 2);
    snprintf(name, sizeof name, "status: %s is %s", key, expected);
    state(strcmp(value, expected) == 0, name, "\"%s\"", value);
}

static void identity(void)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        status_is(sets[i], "0000000000000000");
    status_is("NoNewPrivs", "1");
    status_is("Seccomp", "2");
    status_is("SigIgn", "0000000000000000");
    status_is("SigBlk", "0000000000000000");
    status_is("TracerPid", "0");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {{.effective = 1}};
    long r = syscall(SYS_capget, &header, caps);
    state(r == 0 && !caps[0].effective && !caps[1].effective && !caps[0].permitted && !caps[1].permitted,
          "capget: none", "some");
    uid_t ruid = 0, euid = 0, suid = 0;
    gid_t rgid = 0, egid = 0, sgid = 0, groups[64];
    getresuid(&ruid, &euid, &suid);
    getresgid(&rgid, &egid, &sgid);
    state(ruid >= 1000 && ruid == euid && euid == suid, "one user, not root", "%u %u %u", ruid, euid, suid);
    state(rgid >= 1000 && rgid == egid && egid == sgid, "one group, not root's", "%u %u %u", rgid, egid, sgid);
    int count = getgroups(ARRAY_LEN(groups), groups);
    state(count == 0, "no further groups", "%d", count);
    state(getppid() == 1 && getpid() > 1, "a child of process 1", "of %d", getppid());
    state(getsid(0) == getpid() && getpgid(0) == getpid(), "a session of its own", "session %d", getsid(0));
    state(umask(022) == 022, "umask is 022", "something else");
    char cwd[256] = "";
    state(getcwd(cwd, sizeof cwd) && strcmp(cwd, "/box/work") == 0, "the working directory is /box/work", "%s", cwd);
    struct utsname names;
    uname(&names);
    state(strcmp(names.nodename, "box") == 0, "the host's name is box", "%s", names.nodename);
    state(strcmp(names.domainname, "") == 0 || strcmp(names.domainname, "(none)") == 0, "no domain", "%s",
          names.domainname);
}

static void environment(void)
{
    extern char **environ;
    state(environ[0] && strcmp(environ[0], "PATH=/usr/bin:/bin") == 0 && !environ[1],
          "the environment is what was given", "%s …", environ[0] ? environ[0] : "nothing");
}

static void descriptors(void)
{
    char found[256] = "";
    for (int fd = 0; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            snprintf(found + strlen(found), sizeof found - strlen(found), "%d ", fd);
    state(strcmp(found, "0 1 2 ") == 0, "descriptors: 0, 1 and 2", "%s", found);
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        char name[64];
        snprintf(name, sizeof name, "descriptor %d is no socket, directory or terminal", fd);
        fstat(fd, &st);
        state(!S_ISSOCK(st.st_mode) && !S_ISDIR(st.st_mode) && !isatty(fd), name, "mode %o", st.st_mode);
    }
}

static void limit_is(const char *name, int resource, rlim_t expected)
{
    struct rlimit now = {0};
    char text[100];
    getrlimit((__rlimit_resource_t)resource, &now);
    snprintf(text, sizeof text, "resource limit %s", name);
    state(now.rlim_cur == expected && now.rlim_max == expected, text, "%ju, %ju, not %ju", (uintmax_t)now.rlim_cur,
          (uintmax_t)now.rlim_max, (uintmax_t)expected);
    struct rlimit more = {.rlim_cur = now.rlim_cur, .rlim_max = now.rlim_max + 1};
    if (expected != RLIM_INFINITY && resource != RLIMIT_CORE) {
        snprintf(text, sizeof text, "resource limit %s cannot be raised", name);
        refused(text, setrlimit((__rlimit_resource_t)resource, &more), EPERM);
    }
}

static void limits(const char *stack, const char *file)
{
    limit_is("CORE", RLIMIT_CORE, 1);
    limit_is("NOFILE", RLIMIT_NOFILE, 4096);
    limit_is("MEMLOCK", RLIMIT_MEMLOCK, 65536);
    limit_is("MSGQUEUE", RLIMIT_MSGQUEUE, 0);
    limit_is("NICE", RLIMIT_NICE, 0);
    limit_is("RTPRIO", RLIMIT_RTPRIO, 0);
    limit_is("RTTIME", RLIMIT_RTTIME, 0);
    limit_is("SIGPENDING", RLIMIT_SIGPENDING, 1024);
    limit_is("STACK", RLIMIT_STACK, strtoull(stack, NULL, 10));
    limit_is("FSIZE", RLIMIT_FSIZE, strtoull(file, NULL, 10));
    limit_is("AS", RLIMIT_AS, RLIM_INFINITY); /* what runtimes reserve is no memory; the cgroup counts that */
    struct rlimit none = {0};
    refused("the core limit cannot be changed", setrlimit(RLIMIT_CORE, &none), ENOSYS);
    refused("process 1's limits cannot be changed", prlimit(1, RLIMIT_NOFILE, &none, NULL), ENOSYS);
    refused("nor with garbage in the pid's high half", syscall(SYS_prlimit64, 0x100000001L, RLIMIT_NOFILE, &none, NULL),
            ENOSYS);
    struct rlimit own;
    state(prlimit(0, RLIMIT_NOFILE, NULL, &own) == 0, "limits can be read", "%s", strerror(errno));
    own.rlim_cur = 256;
    state(setrlimit(RLIMIT_NOFILE, &own) == 0, "own limits can be lowered", "%s", strerror(errno));
}

static void scheduling(void)
{
    struct sched_param realtime = {.sched_priority = 1}, usual = {0};
    cpu_set_t set;
    errno = 0;
    state(getpriority(PRIO_PROCESS, 0) == 0, "priority is the usual one", "%d", getpriority(PRIO_PROCESS, 0));
    state(sched_getscheduler(0) == SCHED_OTHER, "scheduling class is the usual one", "%d", sched_getscheduler(0));
    state(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN),
          "all processors", "%d", CPU_COUNT(&set));
    refused("a better priority", setpriority(PRIO_PROCESS, 0, -1), EACCES);
    refused("real time", sched_setscheduler(0, SCHED_FIFO, &realtime), EPERM);
    refused("round robin", sched_setscheduler(0, SCHED_RR, &realtime), EPERM);
    refused("deadlines", syscall(SYS_sched_setattr, 0, NULL, 0), ENOSYS);
    refused("input/output priority", syscall(SYS_ioprio_set, 1, 0, 0), ENOSYS);
    refused("process 1's priority", setpriority(PRIO_PROCESS, 1, 19), ENOSYS);
    refused("its group's priority", setpriority(PRIO_PGRP, 0, 19), ENOSYS);
    refused("its user's priority", setpriority(PRIO_USER, 0, 19), ENOSYS);
    refused("process 1's scheduling class", sched_setscheduler(1, SCHED_IDLE, &usual), ENOSYS);
    refused("process 1's processors", sched_setaffinity(1, sizeof set, &set), ENOSYS);
    state(sched_setaffinity(0, sizeof set, &set) == 0, "own processors can be chosen", "%s", strerror(errno));
}

/* ---- what one sees ---- */

static bool one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static void directory_holds(const char *path, const char *const *allowed)
{
    char name[300], odd[300] = "";
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !one_of(entry->d_name, allowed))
            snprintf(odd, sizeof odd, "%s", entry->d_name);
    snprintf(name, sizeof name, "%s holds nothing unknown", path);
    state(dir && !*odd, name, "%s", dir ? odd : strerror(errno));
    if (dir)
        closedir(dir);
}

static void file_system(void)
{
    char self[16];
    snprintf(self, sizeof self, "%d", getpid());
    directory_holds("/", (const char *const[]){"artifact", "bin", "box", "dev", "etc", "lib", "lib32", "lib64",
                                               "libx32", "proc", "sbin", "tmp", "usr", "var", NULL});
    directory_holds("/etc", (const char *const[]){"alternatives", "group", "hostname", "hosts", "ld.so.cache",
                                                  "nsswitch.conf", "passwd", NULL});
    directory_holds("/dev", (const char *const[]){"fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout",
                                                  "urandom", "zero", NULL});
    directory_holds("/var", (const char *const[]){"tmp", NULL});
    directory_holds("/proc", (const char *const[]){"self", "thread-self", self, NULL});
    directory_holds("/box", (const char *const[]){"shm", "tmp", "work", NULL});
    static const char *const empty[] = {"/box/work", "/box/tmp", "/box/shm", "/tmp", "/var/tmp", "/dev/shm"};
    for (size_t i = 0; i < ARRAY_LEN(empty); i++)
        directory_holds(empty[i], (const char *const[]){NULL});
    static const char *const missing[] = {"/etc/shadow",
                                          "/etc/machine-id",
                                          "/etc/resolv.conf",
                                          "/root",
                                          "/home",
                                          "/sys",
                                          "/run",
                                          "/var/lib",
                                          "/proc/sys",
                                          "/proc/1",
                                          "/proc/2",
                                          "/proc/kcore",
                                          "/proc/kallsyms",
                                          "/proc/keys",
                                          "/proc/cpuinfo",
                                          "/proc/net",
                                          "/proc/mounts",
                                          "/proc/sysvipc",
                                          "/proc/config.gz",
                                          "/dev/tty",
                                          "/dev/ptmx",
                                          "/dev/pts",
                                          "/dev/console",
                                          "/dev/kmsg",
                                          "/dev/mem",
                                          "/dev/fuse",
                                          "/dev/kvm",
                                          "/dev/net",
                                          "/dev/userfaultfd",
                                          "/dev/dri",
                                          "/dev/loop0",
                                          "/dev/vda",
                                          "/dev/sda",
                                          "/dev/mqueue",
                                          "/dev/hugepages"};
    for (size_t i = 0; i < ARRAY_LEN(missing); i++)
        absent(missing[i]);
}

/* Every mount: nosuid; nodev but for the five devices; read-only but for the scratch and /proc. */
static void mounts(void)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", NULL};
    static const char *const writable[] = {"/box", "/proc", NULL};
    char text[65536], point[512], options[512], name[700];
    read_text("/proc/self/mountinfo", text, sizeof text);
    unsigned count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "%*d %*d %*s %*s %511s %511s", point, options) != 2)
            continue;
        count++;
        bool device = one_of(point, devices), scratch = one_of(point, writable);
        snprintf(name, sizeof name, "mount %s is nosuid, %s and %s", point, device ? "noexec" : "nodev",
                 scratch ? "private" : "read-only");
        state(strstr(options, "nosuid") && strstr(options, device ? "noexec" : "nodev") &&
                  (scratch || strncmp(options, "ro,", 3) == 0) && !strstr(line, "shared:") && !strstr(line, "master:"),
              name, "%s", line);
    }
    state(count >= 8, "mounts are listed", "%u", count);
}

static void refuse_writing(const char *directory)
{
    char path[600], name[700];
    snprintf(path, sizeof path, "%s/evalx-inside", directory);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    int got = errno;
    snprintf(name, sizeof name, "nothing can be made in %s", directory);
    state(fd < 0 && (got == EROFS || got == EACCES || got == ENOENT || got == ENOTDIR || got == EPERM), name, "%s",
          fd < 0 ? strerror(got) : "it was");
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
}

static void writing(void)
{
    static const char *const places[] = {
        "/",        "/bin",       "/box",           "/dev",          "/dev/fd", "/etc",     "/etc/alternatives",
        "/lib",     "/proc",      "/proc/self",     "/proc/self/fd", "/sbin",   "/usr",     "/usr/bin",
        "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/share",    "/var",    "/artifact"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (!rootless ||
            strcmp(places[i], "/box") != 0) /* there it belongs to the program's user, and goes with the scratch */
            refuse_writing(places[i]);
    static const char *const files[] = {"/etc/passwd",    "/etc/ld.so.cache", "/usr/bin/env",
                                        "/proc/self/exe", "/artifact/inside", "/bin/sh"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char name[100];
        snprintf(name, sizeof name, "%s cannot be written", files[i]);
        int fd = open(files[i], O_WRONLY | O_CLOEXEC);
        state(fd < 0, name, "it could be opened");
    }
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        char name[100];
        snprintf(name, sizeof name, "the times of %s cannot be set", devices[i]);
        refused(name, utimensat(AT_FDCWD, devices[i], NULL, 0), EROFS);
    }
    static const char *const good[] = {"/box/work/x", "/tmp/x", "/dev/shm/x", "/var/tmp/y"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int fd = open(good[i], O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        state(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && unlink(good[i]) == 0, good[i], "%s",
              strerror(errno));
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), full = open("/dev/full", O_RDWR | O_CLOEXEC);
    state(write(null, "x", 1) == 1, "/dev/null takes what is written", "%s", strerror(errno));
    refused("/dev/full is full", write(full, "x", 1), ENOSPC);
    close(null);
    close(full);
    static const char *const own[] = {"uid_map", "gid_map", "setgroups", "projid_map"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        char path[64], name[100];
        snprintf(path, sizeof path, "/proc/self/%s", own[i]);
        snprintf(name, sizeof name, "%s cannot be written", path);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        state(fd < 0 || write(fd, "0 0 1\n", 6) < 0, name, "it was");
        if (fd >= 0)
            close(fd);
    }
    int adj = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    refused("the OOM killer cannot be evaded", write(adj, "-1000", 5),
            rootless ? EBADF : EACCES); /* there /proc is read-only */
    close(adj);
}

static void other_processes(void)
{
    refused("kill(-1) reaches nobody", kill(-1, SIGKILL), ESRCH);
    refused("no process 2 is left", kill(2, 0), ESRCH);
    refused("process 1's memory", open("/proc/1/mem", O_RDWR | O_CLOEXEC), ENOENT);
    kill(1, SIGKILL);
    kill(1, SIGSTOP);
    kill(1, SIGTERM);
    state(kill(1, 0) == 0, "process 1 ignores signals", "%s", strerror(errno));
}

static void network(void)
{
    struct ifconf list = {0};
    struct ifreq found[16];
    list.ifc_len = sizeof found;
    list.ifc_req = found;
    int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int inet6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    state(inet >= 0, "a TCP socket can be made", "%s", strerror(errno));
    int r = ioctl(inet, SIOCGIFCONF, &list);
    state(r == 0 && list.ifc_len == (int)sizeof found[0] && strcmp(found[0].ifr_name, "lo") == 0,
          "lo is the only interface", "%d of them", list.ifc_len / (int)sizeof found[0]);
    static const char *const away[] = {"8.8.8.8",     "169.254.169.254", "10.0.0.1",
                                       "192.168.0.1", "172.17.0.1",      "224.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(away); i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
        char name[100];
        inet_pton(AF_INET, away[i], &to.sin_addr);
        snprintf(name, sizeof name, "no way to %s", away[i]);
        refused(name, connect(inet, (struct sockaddr *)&to, sizeof to), ENETUNREACH);
    }
    if (inet6 >= 0) {
        struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
        inet_pton(AF_INET6, "2001:4860:4860::8888", &to.sin6_addr);
        refused("no way to 2001:4860:4860::8888", connect(inet6, (struct sockaddr *)&to, sizeof to), ENETUNREACH);
        struct {
            struct in6_addr address;
            uint32_t label;
            uint8_t action, share;
            uint16_t flags, expires, linger;
            uint32_t pad;
        } label = {.address = IN6ADDR_LOOPBACK_INIT, .label = htonl(0x12345), .share = 1, .flags = 1};
        refused("no flow label", setsockopt(inet6, IPPROTO_IPV6, 32, &label, sizeof label), ENOPROTOOPT);
    }
    static const char *const counters[] = {"dev",      "snmp", "netstat", "softnet_stat",
                                           "sockstat", "unix", "tcp",     "route"};
    for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
        char path[64], name[100];
        snprintf(path, sizeof path, "/proc/self/net/%s", counters[i]);
        snprintf(name, sizeof name, "%s cannot be read", path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        state(fd < 0 && (errno == EACCES || errno == ENOENT), name, "it was opened");
    }
    /* Sockets that are what programs use. */
    state(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP) >= 0, "a UDP socket can be made", "%s",
          strerror(errno));
    state(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) >= 0, "a local socket can be made", "%s", strerror(errno));
    refused("raw sockets", socket(AF_INET, SOCK_RAW, 6), ENOSYS);
    refused("packet sockets by their old name", socket(AF_INET, 10 /* SOCK_PACKET */, 0), ENOSYS);
    refused("ICMP sockets", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EPROTONOSUPPORT);
    refused("SCTP", socket(AF_INET, SOCK_STREAM, 132), EPROTONOSUPPORT);
    refused("MPTCP", socket(AF_INET, SOCK_STREAM, 262), EPROTONOSUPPORT);
    refused("SMC by protocol", socket(AF_INET, SOCK_STREAM, 256), ENOSYS);
    refused("L2TP", socket(AF_INET, SOCK_DGRAM, 115), ENOSYS);
    refused("a family with garbage above it", syscall(SYS_socket, 0x100000010L, SOCK_RAW, 0), EAFNOSUPPORT);
    refused("unknown families", socket(45, SOCK_STREAM, 0), ENOSYS);
    close(inet);
    close(inet6);
}

/* Set-user-ID files change nothing: there is no such mount, and no_new_privs says the same (identity). */
static void set_user_id(void)
{
    static const char *const places[] = {"/", "/usr", "/box", "/artifact", "/proc"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct statvfs fs;
        char name[64];
        snprintf(name, sizeof name, "%s is nosuid and nodev", places[i]);
        state(statvfs(places[i], &fs) == 0 && (fs.f_flag & ST_NOSUID) && (fs.f_flag & ST_NODEV), name, "flags %#lx",
              fs.f_flag);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "wait") == 0) {
        puts("ready");
        for (int i = 0; i < 60; i++)
            sleep(1);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "crash") == 0) {
        struct rlimit core = {.rlim_cur = 0, .rlim_max = 1};
        setrlimit(RLIMIT_CORE, &core); /* 0 would call the handler, unlike 1 */
        abort();
    }
    rootless = argc == 5 && strcmp(argv[4], "rootless") == 0;
    if ((argc != 4 && !rootless) || strcmp(argv[1], "look") != 0)
        return 99;
    descriptors();
    identity();
    environment();
    file_system();
    mounts();
    writing();
    other_processes();
    scheduling();
    network();
    set_user_id();
    refused_calls();
    limits(argv[2], argv[3]);
    printf("end %u\n", statements);
    return 0;
}
