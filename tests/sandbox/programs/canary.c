#include <dirent.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <stddef.h>
#include "hostile.h"
/* Runs after each of the others, in the same slot: whatever it finds of them, it says. "clean" is all it should ever say. */
static int findings;
static void found(const char *what, const char *detail)
{
    printf("ESCAPED left behind: %s %s\n", what, detail);
    findings++;
}
/* A link that the engine made: to a file of the submission. */
static int of_the_engine(const char *folder, const char *name)
{
    char path[512], expected[512], target[512] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(expected, sizeof expected, "/artifact/%s", name);
    return readlink(path, target, sizeof target - 1) > 0 && strcmp(target, expected) == 0;
}
static void directory(const char *path, mode_t mode)
{
    int work = strcmp(path, "/box/work") == 0;
    struct stat st;
    DIR *dir = opendir(path);
    if (!dir || stat(path, &st) < 0)
        return found(path, "cannot be read");
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !(work && of_the_engine(path, e->d_name)))
            found(path, e->d_name);
    closedir(dir);
    if ((st.st_mode & 07777) != mode || st.st_nlink != 2)
        found(path, "has another mode or another link");
    if (work)
        return;
    if (st.st_atim.tv_sec != st.st_mtim.tv_sec || st.st_mtim.tv_sec != st.st_ctim.tv_sec)
        found(path, "has other times");
}
static void ipc(void)
{
    struct shm_info shm;
    struct seminfo sem;
    struct msginfo msg;
    if (shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm) < 0 || shm.used_ids || semctl(0, 0, SEM_INFO, &sem) < 0 || sem.semusz ||
        msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg) < 0 || msg.msgpool)
        found("a System V object", "");
    if (shmget(0x4711, 0, 0) >= 0 || semget(0x4711, 0, 0) >= 0 || msgget(0x4711, 0) >= 0)
        found("a System V key", "");
}
static void ports(void)
{
    for (int port = 40000; port < 40100; port++)
        for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
            struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
            struct sockaddr_in6 at6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
            int fd = socket(AF_INET, type, 0), fd6 = socket(AF_INET6, type, 0);
            if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
                found("a port", strerror(errno));
            close(fd);
            if (fd6 >= 0 && bind(fd6, (struct sockaddr *)&at6, sizeof at6) < 0)
                found("a port of IPv6", strerror(errno));
            close(fd6);
        }
    for (int i = 0; i < 10; i++) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        int len = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "evalx-hostile-%d", i), fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
            found("a local name", strerror(errno));
        close(fd);
    }
}
static void line_of(const char *path, const char *key, const char *expected)
{
    char text[8192] = "", value[256] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    if (n < 0)
        return;
    const char *at = strstr(text, key);
    if (at)
        sscanf(at + strlen(key), " %255[^\n]", value);
    if (at && strcmp(value, expected) != 0)
        found(key, value);
}
/* cpus: how many it may use; nproc, oom, priority: what is given to every program, and what its process 1 has. */
static void settings(const char *cpus, rlim_t nproc, const char *oom, int priority)
{
    const struct { int resource; const char *name; rlim_t value; } limits[] = {{RLIMIT_CORE, "core", 1}, {RLIMIT_NOFILE, "nofile", 4096}, {RLIMIT_NPROC, "nproc", nproc},
        {RLIMIT_AS, "as", RLIM_INFINITY}, {RLIMIT_DATA, "data", RLIM_INFINITY}, {RLIMIT_RSS, "rss", RLIM_INFINITY}, {RLIMIT_MEMLOCK, "memlock", 65536}, {RLIMIT_LOCKS, "locks", RLIM_INFINITY},
        {RLIMIT_SIGPENDING, "sigpending", 1024}, {RLIMIT_MSGQUEUE, "msgqueue", 0}, {RLIMIT_NICE, "nice", 0}, {RLIMIT_RTPRIO, "rtprio", 0}, {RLIMIT_STACK, "stack", 64UL << 20},
        {RLIMIT_FSIZE, "fsize", 16UL << 20}};
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)limits[i].resource, &now);
        if (now.rlim_cur != limits[i].value || now.rlim_max != limits[i].value)
            found("a resource limit:", limits[i].name);
    }
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0 || CPU_COUNT(&set) != atoi(cpus))
        found("a choice of processors", cpus);
    if (sched_getscheduler(0) != SCHED_OTHER || sched_getscheduler(1) != SCHED_OTHER)
        found("a scheduling class", "");
    errno = 0;
    if (getpriority(PRIO_PROCESS, 0) != 0 || getpriority(PRIO_PROCESS, 1) != priority)
        found("a priority", "");
    if (umask(022) != 022)
        found("a umask", "");
    for (int s = 1; s < 32; s++) {
        struct sigaction action;
        if (sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            found("a signal's handling", "");
    }
    line_of("/proc/self/status", "SigBlk:", "0000000000000000");
    line_of("/proc/self/status", "SigIgn:", "0000000000000000");
    line_of("/proc/self/status", "SigQ:", "0/1024");
    line_of("/proc/self/status", "Threads:", "1");
    line_of("/proc/self/oom_score_adj", "", oom);
    line_of("/proc/self/timerslack_ns", "", "50000");
    char group[64] = "";
    int fd = open("/proc/self/autogroup", O_RDONLY);
    if (fd >= 0 && read(fd, group, sizeof group - 1) > 0 && !strstr(group, "nice 0"))
        found("an autogroup:", group);
    close(fd);
    if (prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) != 50000 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
        found("a setting of prctl", "");
    char name[64];
    if (gethostname(name, sizeof name) < 0 || strcmp(name, "box") != 0)
        found("a host name", name);
    if (getsid(0) != getpid() || getpgid(0) != getpid())
        found("a session", "");
    struct rusage children;
    if (getrusage(RUSAGE_CHILDREN, &children) < 0 || children.ru_maxrss != 0)
        found("a child", "");
}
static void processes(void)
{
    char own[16];
    snprintf(own, sizeof own, "%d", getpid());
    DIR *dir = opendir("/proc");
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && strcmp(e->d_name, own) != 0)
            found("a process", e->d_name);
    closedir(dir);
    if (kill(-1, 0) == 0)
        found("a process", "somewhere");
    for (int fd = 3; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            found("a descriptor", "");
    char c;
    if (read(0, &c, 1) != 0)
        found("input", "");
    char *p = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return found("less memory than there should be", strerror(errno));
    memset(p, 1, 32 << 20); /* of 64 MiB: what is still held by others would be missing here */
}
int main(int argc, char **argv)
{
    processes();
    directory("/box/work", 0755);
    directory("/box/tmp", 01777);
    directory("/box/shm", 01777);
    ipc();
    ports();
    int rootless = argc > 2;
    settings(argc > 1 ? argv[1] : "0", rootless ? (rlim_t)atoi(argv[2]) : 65536, rootless ? argv[3] : "0", rootless ? atoi(argv[4]) : -20);
    if (!findings)
        puts("clean");
    return findings > 0;
}
