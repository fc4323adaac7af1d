#include "hostile.h"
/* Lowers its own CPU limit, ignores its signal, becomes itself again and again, and spins. */
int main(void)
{
    struct rlimit one = {1, 4};
    setrlimit(RLIMIT_CPU, &one);
    signal(SIGXCPU, SIG_IGN);
    spin(0.2);
    char *args[] = {(char *)"again", NULL}, *env[] = {NULL};
    if (fork() == 0)
        execve("/proc/self/exe", args, env);
    execve("/proc/self/exe", args, env);
    return 0;
}
