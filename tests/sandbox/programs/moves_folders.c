#include "hostile.h"
/* The box's own folders moved, removed, exchanged, linked and mounted under the engine's feet. */
int main(void)
{
    REFUSED("moving the working directory", rename("/box/work", "/box/tmp/work"));
    REFUSED("moving it beside itself", rename("/box/work", "/box/other"));
    REFUSED("exchanging the folders", syscall(SYS_renameat2, AT_FDCWD, "/box/work", AT_FDCWD, "/box/tmp", 2));
    REFUSED("removing the working directory", rmdir("/box/work"));
    REFUSED("removing /box/shm", rmdir("/dev/shm"));
    REFUSED("removing the link /tmp", unlink("/tmp"));
    REFUSED("another /tmp", rename("/box/tmp", "/tmp"));
    REFUSED("a folder in /box", mkdir("/box/evalx-hostile", 0777));
    REFUSED("a file without a name in /box", open("/box", O_TMPFILE | O_RDWR, 0600));
    REFUSED("a link to the artifact", linkat(AT_FDCWD, "/artifact/main", AT_FDCWD, "/box/work/x", 0));
    REFUSED("a link to the image", linkat(AT_FDCWD, "/usr/bin/env", AT_FDCWD, "/box/work/x", 0));
    int artifact = open("/artifact/main", O_RDONLY), input = 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", artifact);
    REFUSED("a link to the open artifact", linkat(AT_FDCWD, path, AT_FDCWD, "/box/work/x", AT_SYMLINK_FOLLOW));
    REFUSED("a link to the input", linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "/box/work/y", AT_SYMLINK_FOLLOW));
    REFUSED("the artifact for writing", open(path, O_RDWR));
    REFUSED("another mode of the artifact", fchmod(artifact, 0777));
    REFUSED("another mode of the input", fchmod(input, 0777));
    REFUSED("another mode of /box", chmod("/box", 0777));
    /* What is its own it may spoil. */
    int hidden = open("/box/tmp", O_TMPFILE | O_RDWR, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", hidden);
    (void)!linkat(AT_FDCWD, path, AT_FDCWD, "/box/tmp/evalx-hostile", AT_SYMLINK_FOLLOW);
    mkdir("/box/work/gone", 0777);
    (void)!chdir("/box/work/gone");
    rmdir("/box/work/gone");
    (void)!open("..", O_RDONLY);
    chmod("/box/tmp", 0), chmod("/box/shm", 0), chmod("/box/work", 0);
    return done();
}
