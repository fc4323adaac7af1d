/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn_loop: what this machine can do without any box: PROCESSES workers, each running PROGRAM with INPUT as its standard input and a pipe
 * for its output, RUNS times together; prints runs a second. The yardstick for test cases a second.
 *
 *   spawn_loop PROCESSES RUNS INPUT PROGRAM [ARG …]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static int run_once(const char *input, char **argv)
{
    int in = open(input, O_RDONLY | O_CLOEXEC), out[2];
    if (in < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(in, 0);
        dup2(out[1], 1);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in);
    close(out[1]);
    char text[4096];
    while (read(out[0], text, sizeof text) > 0)
        ;
    close(out[0]);
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    long processes = strtol(argv[1], NULL, 10), runs = strtol(argv[2], NULL, 10);
    int64_t start = clock_monotonic_ns();
    for (long p = 0; p < processes; p++)
        if (fork() == 0) {
            int bad = 0;
            for (long i = 0; i < runs / processes; i++)
                bad |= run_once(argv[3], argv + 4);
            _exit(bad != 0);
        }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    double seconds = (double)(clock_monotonic_ns() - start) / (double)NS_PER_S;
    printf("%.1f\n", (double)(runs / processes * processes) / seconds);
    return bad != 0;
}
