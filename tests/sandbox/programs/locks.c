#include <sys/file.h>
#include "hostile.h"
/* Locks, leases and watches on files that every box sees. */
int main(void)
{
    int fd = open("/usr/bin/env", O_RDONLY);
    struct flock whole = {.l_type = F_RDLCK};
    /* Locks answer yes and take nothing: nobody, here or in another box, finds them. */
    int other = open("/usr/bin/env", O_RDONLY), null = open("/dev/null", O_RDWR);
    struct flock asked = {.l_type = F_WRLCK};
    (void)(flock(fd, LOCK_EX) + fcntl(fd, F_SETLK, &whole) + fcntl(null, F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK}));
    HOLDS("flock takes no lock", flock(other, LOCK_EX | LOCK_NB) == 0);
    if (fork() == 0) {
        HOLDS("a record lock takes none", fcntl(other, F_GETLK, &asked) == 0 && asked.l_type == F_UNLCK);
        asked = (struct flock){.l_type = F_WRLCK};
        HOLDS("a device is not locked", fcntl(open("/dev/null", O_RDWR), F_OFD_GETLK, &asked) == 0 && asked.l_type == F_UNLCK);
        _exit(0);
    }
    wait(NULL);
    REFUSED("a lease", fcntl(fd, F_SETLEASE, F_RDLCK));
    REFUSED("a lease, hidden above", syscall(SYS_fcntl, fd, 1L << 32 | F_SETLEASE, F_RDLCK));
    REFUSED("a directory's notification", fcntl(open("/usr", O_RDONLY), F_NOTIFY, 0x3f));
    REFUSED("a write hint", fcntl(fd, F_SET_RW_HINT, &(uint64_t){3}));
    REFUSED("inotify", syscall(SYS_inotify_init1, 0));
    REFUSED("an extended attribute", syscall(SYS_fsetxattr, fd, "user.evalx", "x", 1, 0));
    return done();
}
