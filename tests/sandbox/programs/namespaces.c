#include <sys/mount.h>
#include "hostile.h"
int main(void)
{
    static const int kinds[] = {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, 0x80};
    static const char *const names[] = {"mnt", "cgroup", "uts", "ipc", "user", "pid", "net", "time"};
    for (int i = 0; i < 8; i++) {
        char path[64];
        REFUSED("unshare", unshare(kinds[i]));
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        REFUSED("setns", setns(fd, 0));
        close(fd);
        if (kinds[i] == 0x80)
            continue;
        long pid = syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            _exit(0);
        REFUSED("clone", pid);
    }
    struct { uint64_t flags, rest[10]; } args = {.flags = CLONE_NEWUSER};
    long pid = syscall(435 /* clone3 */, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    REFUSED("clone3", pid);
    static const char *const types[] = {"tmpfs", "proc", "sysfs", "cgroup", "cgroup2", "overlay", "fuse", "ext4", "binfmt_misc", "devpts", "mqueue", "debugfs"};
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        REFUSED("mount", mount("none", "/tmp", types[i], 0, NULL));
        REFUSED("fsopen", syscall(430, types[i], 0));
    }
    REFUSED("a bind mount", mount("/usr", "/tmp", NULL, MS_BIND, NULL));
    REFUSED("remounting", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
    REFUSED("remounting the root", mount(NULL, "/", NULL, MS_REMOUNT, NULL));
    REFUSED("umount", umount2("/proc", MNT_DETACH));
    REFUSED("umount of the scratch", umount2("/box", MNT_DETACH));
    REFUSED("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
    REFUSED("open_tree", syscall(428, AT_FDCWD, "/", 1));
    REFUSED("mount_setattr", syscall(442, AT_FDCWD, "/", 0, NULL, 0));
    return done();
}
