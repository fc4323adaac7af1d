#include <sys/prctl.h>
#include "hostile.h"
/* A child crashes with every means to leave a core behind; then it looks for one. */
int main(void)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, none = {0, 0};
    REFUSED("core dumps without limit", setrlimit(RLIMIT_CORE, &all));
    REFUSED("the other core limit", setrlimit(RLIMIT_CORE, &none));
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        raise(SIGQUIT);
    waitpid(pid, &status, 0);
    HOLDS("a core was dumped", WIFSIGNALED(status) && !WCOREDUMP(status));
    HOLDS("a core lies here", access("core", F_OK) < 0 && access("/tmp/core", F_OK) < 0);
    puts("done");
    fflush(stdout);
    *(volatile int *)0 = 0;
    return 0;
}
