#include "hostile.h"
/* Descriptors, directories and roots that point outside. */
int main(void)
{
    char path[4096];
    for (int fd = 3; fd < 5000; fd++)
        HOLDS("a descriptor was left", fcntl(fd, F_GETFD) < 0);
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        HOLDS("a stream is a directory or socket", fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISSOCK(st.st_mode) && !S_ISBLK(st.st_mode));
        snprintf(path, sizeof path, "/proc/self/fd/%d/../../../../..", fd);
        REFUSED("up from a stream", open(path, O_RDONLY | O_DIRECTORY));
    }
    HOLDS("the working directory is outside", getcwd(path, sizeof path) && strncmp(path, "/box/work", 9) == 0);
    for (int i = 0; i < 100; i++)
        (void)!chdir("..");
    HOLDS("up and out", getcwd(path, sizeof path) && strcmp(path, "/") == 0 && access("etc/shadow", F_OK) < 0 && access("root", F_OK) < 0);
    REFUSED("the root of process 1", open("/proc/1/root", O_RDONLY));
    REFUSED("the directory of process 1", chdir("/proc/1/cwd"));
    REFUSED("chroot", chroot("/tmp"));
    REFUSED("a handle", syscall(SYS_open_by_handle_at, AT_FDCWD, path, O_RDONLY));
    REFUSED("another's descriptor", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 3, 0));
    return done();
}
