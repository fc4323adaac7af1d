#include "hostile.h"
static long put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    long n = fd < 0 ? -1 : write(fd, text, strlen(text));
    close(fd);
    return n;
}
int main(void)
{
    REFUSED("to be spared by the OOM killer", put("/proc/self/oom_score_adj", "-1000"));
    REFUSED("to be spared by the OOM killer, the old way", put("/proc/self/oom_adj", "-17"));
    REFUSED("to give process 1 to it", put("/proc/1/oom_score_adj", "1000"));
    REFUSED("a score below zero", put("/proc/self/oom_score_adj", "-1"));
    return done();
}
