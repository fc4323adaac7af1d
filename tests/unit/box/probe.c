/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c: the program under test: runs inside a box and does one thing, named by its first argument. Every abuse is bounded, so that
 * a wall that does not hold shows as a failed test, not as a harmed machine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EIGHT = 8, MIB = 1 << 20, HOG_MIB = 2048 };

static void spin_for(int seconds)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_sec - start.tv_sec < seconds);
}

static void *spin_thread(void *unused)
{
    spin_for(20);
    return unused;
}

static int spin(char **args)
{
    (void)args;
    spin_for(20);
    return 0;
}

static int spin_threads(char **args)
{
    (void)args;
    pthread_t thread;
    for (int i = 1; i < EIGHT; i++)
        pthread_create(&thread, NULL, spin_thread, NULL);
    spin_for(20);
    return 0;
}

static int spin_children(char **args)
{
    (void)args;
    for (int i = 0; i < EIGHT; i++)
        if (fork() == 0) {
            setsid();
            spin_for(20);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}

static int use_ms(char **args)
{
    struct timespec used;
    long ms = strtol(args[0], NULL, 10);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
    return 0;
}

static int bomb_of_threads(char **args)
{
    pthread_t thread;
    while (pthread_create(&thread, NULL, spin_thread, NULL) == 0)
        ;
    return spin(args);
}

static int bomb_of_processes(char **args)
{
    while (fork() >= 0)
        ;
    return spin(args);
}

static int ignore_and_spin(char **args)
{
    (void)args;
    for (int i = 1; i < 32; i++)
        signal(i, SIG_IGN);
    spin_for(20);
    return 0;
}

static int doze(char **args)
{
    (void)args;
    for (int i = 0; i < 20; i++)
        sleep(1);
    return 0;
}

static int stop_self(char **args)
{
    (void)args;
    raise(SIGSTOP);
    return 0;
}

static int hog(char **args)
{
    (void)args;
    for (int i = 0; i < HOG_MIB; i++) {
        char *block = malloc(MIB);
        if (!block)
            return 9;
        memset(block, 1, MIB);
    }
    return 0;
}

/* Children that each hold so many MiB, all at the same time. */
static int hold(char **args)
{
    int children = atoi(args[0]), mib = atoi(args[1]), status, failed = 0, gate[2];
    char byte;
    if (pipe(gate) < 0)
        return 9;
    for (int i = 0; i < children; i++)
        if (fork() == 0) {
            char *block = malloc((size_t)mib * MIB);
            if (!block)
                _exit(9);
            memset(block, 1, (size_t)mib * MIB);
            close(gate[0]);
            _exit(write(gate[1], "x", 1) == 1 && pause() != 0);
        }
    for (int i = 0; i < children; i++)
        failed |= read(gate[0], &byte, 1) != 1;
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM); /* the group: all but this process */
    while (wait(&status) > 0)
        ;
    return failed;
}

static int hog_child(char **args)
{
    int status = 0;
    if (fork() == 0)
        _exit(hog(args));
    wait(&status);
    return 0; /* pretends that nothing happened */
}

static int hog_files(char **args)
{
    (void)args;
    static char block[MIB];
    memset(block, 1, sizeof block);
    int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0600);
    for (int i = 0; i < HOG_MIB; i++)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            return errno == ENOSPC ? 28 : errno == EFBIG ? 27 : 9;
    return 0;
}

static int emit(char **args)
{
    long n = strtol(args[0], NULL, 10);
    while (n-- > 0)
        putchar('x');
    return fflush(stdout) == 0 ? 0 : 1;
}

static int flood(char **args)
{
    (void)args;
    char line[4096];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 1 << 20; i++)
        if (write(i & 1, line, sizeof line) < 0 && errno != EBADF)
            return 1;
    return 0;
}

static int bomb(char **args)
{
    (void)args;
    int refused = 0;
    for (int i = 0; i < 300; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int j = 0; j < 20; j++)
                sleep(1);
            _exit(0);
        }
        refused += pid < 0;
    }
    printf("refused %d\n", refused > 0);
    return 0;
}

static int daemonize(char **args)
{
    (void)args;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int i = 0; i < 20; i++) {
                int fd = open("/box/work/still-here", O_CREAT | O_WRONLY, 0600);
                close(fd);
                usleep(1000);
            }
            for (int i = 0; i < 20; i++)
                sleep(1);
        }
        _exit(0);
    }
    puts("left");
    return 0;
}

static int crash(char **args)
{
    raise((int)strtol(args[0], NULL, 10));
    return 0;
}

static int leave(char **args)
{
    (void)args;
    static const char *const places[] = {"/box/work/x", "/tmp/x", "/dev/shm/x", "/var/tmp/y"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        close(open(places[i], O_CREAT | O_WRONLY, 0600));
    mkdir("/box/work/deep", 0000);
    return 0;
}

static int leave_mode(char **args)
{
    (void)args;
    return chmod("/box/work", 0700) == 0 ? 0 : 1;
}

static int leave_ipc(char **args)
{
    (void)args;
    int a = shmget(4711, 4096, IPC_CREAT | 0666), b = semget(4711, 1, IPC_CREAT | 0666),
        c = msgget(4711, IPC_CREAT | 0666);
    return a >= 0 && b >= 0 && c >= 0 ? 0 : 1;
}

static int find_ipc(char **args)
{
    (void)args;
    return shmget(4711, 4096, 0) < 0 && semget(4711, 1, 0) < 0 && msgget(4711, 0) < 0 ? 0 : 1;
}

/* Uses a port over loopback and leaves it in TIME_WAIT; in the next run the port must be free and the counters zero. */
static int use_port(char **args)
{
    (void)args;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8080), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&at, sizeof at) < 0)
        return 2;
    if (listen(server, 1) < 0 || connect(client, (struct sockaddr *)&at, sizeof at) < 0)
        return 3;
    close(accept(server, NULL, NULL));
    close(server);
    return 0;
}

static int list_descriptors(char **args)
{
    (void)args;
    for (int fd = 0; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    return 0;
}

static int list_scratch(char **args)
{
    (void)args;
    static const char *const places[] = {"/box/work", "/tmp", "/dev/shm"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        DIR *dir = opendir(places[i]);
        struct stat st;
        if (!dir || stat(places[i], &st) < 0)
            return 1;
        for (struct dirent *entry; (entry = readdir(dir));)
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                printf("%s/%s ", places[i], entry->d_name);
        printf("%o ", st.st_mode & 07777);
        closedir(dir);
    }
    return 0;
}

static int show(char **args)
{
    extern char **environ;
    for (char **at = args; *at; at++)
        printf("[%s]", *at);
    for (char **at = environ; *at; at++)
        printf("{%s}", *at);
    char line[100];
    while (fgets(line, sizeof line, stdin))
        fputs(line, stdout);
    return 3;
}

static int write_artifact(char **args)
{
    (void)args;
    int fd = open("/artifact/planted", O_CREAT | O_WRONLY, 0600);
    return fd < 0 && errno == EROFS ? 0 : 1;
}

static int read_link(char **args)
{
    char text[64] = "";
    FILE *file = fopen(args[0], "r");
    if (!file || !fgets(text, sizeof text, file))
        return 1;
    fputs(text, stdout);
    return 0;
}

static int produce(char **args)
{
    (void)args;
    FILE *file = fopen("out/plain", "w");
    mkdir("out/deep", 0700);
    FILE *deep = fopen("out/deep/tool", "w");
    if (!file || !deep)
        return 1;
    fputs("plain", file);
    fputs("tool", deep);
    fchmod(fileno(deep), 0700);
    return fclose(file) | fclose(deep);
}

static int produce_bad(char **args)
{
    static const char *const target = "/etc/passwd";
    close(open("out/plain", O_CREAT | O_WRONLY, 0600));
    if (strcmp(args[0], "symlink") == 0)
        return symlink(target, "out/passwd");
    if (strcmp(args[0], "fifo") == 0)
        return mkfifo("out/fifo", 0600);
    if (strcmp(args[0], "hardlink") == 0)
        return link("out/plain", "out/twin");
    if (strcmp(args[0], "swap") == 0)
        return rename("out", "was") | symlink("/etc", "out");
    if (strcmp(args[0], "big") == 0) {
        int fd = open("out/sparse", O_CREAT | O_WRONLY, 0600);
        return ftruncate(fd, 8 * MIB);
    }
    if (strcmp(args[0], "deep") == 0) {
        if (chdir("out") < 0)
            return 1;
        for (int i = 0; i < 100; i++)
            if (mkdir("d", 0700) < 0 || chdir("d") < 0)
                return 1;
        return 0;
    }
    for (int i = 0; i < 5000; i++) { /* "many" */
        char name[32];
        snprintf(name, sizeof name, "out/f%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    return 0;
}

static int read_extra(char **args)
{
    (void)args;
    for (int fd = 3; fd < 8; fd++) {
        char text[64];
        ssize_t n = read(fd, text, sizeof text - 1);
        if (n < 0 && errno == EBADF)
            continue;
        text[n > 0 ? n : 0] = '\0';
        printf("%d:%s ", fd, text);
    }
    return 0;
}

static int count_processors(char **args)
{
    (void)args;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    printf("%d", CPU_COUNT(&set));
    return 0;
}

/* Files to be asked for by name, honest and otherwise; ends badly all the same. */
static int produce_named(char **args)
{
    (void)args;
    FILE *file = fopen("out.txt", "w");
    mkdir("sub", 0700);
    FILE *inner = fopen("sub/inner.txt", "w");
    if (!file || !inner)
        return 1;
    fputs("named", file);
    fputs("inner", inner);
    fclose(file);
    fclose(inner);
    bool planted = symlink("/etc/passwd", "link.txt") == 0 && symlink("/etc", "etc") == 0 &&
                   mkfifo("fifo", 0600) == 0 && mkdir("folder", 0700) == 0 && rename("out.txt", "hard.txt") == 0 &&
                   link("hard.txt", "twin.txt") == 0;
    file = fopen("out.txt", "w");
    fputs("named", file);
    fclose(file);
    return planted ? 5 : 1;
}

static const struct {
    const char *name;
    int (*run)(char **args);
} deeds[] = {
    {"spin", spin},
    {"spin-threads", spin_threads},
    {"spin-children", spin_children},
    {"use-ms", use_ms},
    {"bomb-of-threads", bomb_of_threads},
    {"bomb-of-processes", bomb_of_processes},
    {"ignore-and-spin", ignore_and_spin},
    {"doze", doze},
    {"stop-self", stop_self},
    {"hog", hog},
    {"hog-child", hog_child},
    {"hold", hold},
    {"hog-files", hog_files},
    {"emit", emit},
    {"flood", flood},
    {"bomb", bomb},
    {"daemonize", daemonize},
    {"crash", crash},
    {"leave", leave},
    {"leave-mode", leave_mode},
    {"leave-ipc", leave_ipc},
    {"find-ipc", find_ipc},
    {"use-port", use_port},
    {"list-descriptors", list_descriptors},
    {"list-scratch", list_scratch},
    {"show", show},
    {"write-artifact", write_artifact},
    {"read-link", read_link},
    {"read-extra", read_extra},
    {"count-processors", count_processors},
    {"produce-named", produce_named},
    {"produce", produce},
    {"produce-bad", produce_bad},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof deeds / sizeof deeds[0]; i++)
        if (strcmp(argv[1], deeds[i].name) == 0)
            return deeds[i].run(argv + 2);
    fprintf(stderr, "probe: no such deed\n");
    return 99;
}
