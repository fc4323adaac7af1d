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
    REFUSED("uid_map", put("/proc/self/uid_map", "0 0 4294967295\n"));
    REFUSED("gid_map", put("/proc/self/gid_map", "0 0 4294967295\n"));
    REFUSED("projid_map", put("/proc/self/projid_map", "5 7 9\n"));
    REFUSED("setgroups", put("/proc/self/setgroups", "allow"));
    REFUSED("loginuid", put("/proc/self/loginuid", "0"));
    REFUSED("hostname", put("/proc/sys/kernel/hostname", "evalx-hostile"));
    REFUSED("core_pattern", put("/proc/sys/kernel/core_pattern", "|/tmp/x"));
    REFUSED("modprobe", put("/proc/sys/kernel/modprobe", "/tmp/x"));
    REFUSED("sysrq", put("/proc/sysrq-trigger", "b"));
    REFUSED("LSM attributes", put("/proc/self/attr/current", "unconfined"));
    REFUSED("process 1's filter of core dumps", put("/proc/1/coredump_filter", "0xff"));
    put("/proc/self/coredump_filter", "0xff");
    put("/proc/self/clear_refs", "1");
    put("/proc/self/timerslack_ns", "1000000");
    put("/proc/self/comm", "evalx");
    put("/proc/self/oom_score_adj", "1000");
    put("/proc/self/autogroup", "15");
    return done();
}
