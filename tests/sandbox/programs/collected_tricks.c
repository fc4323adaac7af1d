#include <sys/un.h>
#include "hostile.h"
/* out.txt, which will be collected, is something else than a file; what, the input says. */
int main(void)
{
    char how[32] = "";
    if (!fgets(how, sizeof how, stdin))
        return 1;
    how[strcspn(how, "\n")] = '\0';
#define IS(name) (strcmp(how, name) == 0)
    if (IS("symlink"))
        (void)!symlink("/etc/passwd", "out.txt");
    if (IS("magic"))
        (void)!symlink("/proc/self/environ", "out.txt");
    if (IS("loop"))
        (void)!symlink("out.txt", "out.txt");
    if (IS("fifo"))
        mkfifo("out.txt", 0666);
    if (IS("directory"))
        mkdir("out.txt", 0777);
    if (IS("socket")) {
        struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "out.txt"};
        bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at);
    }
    if (IS("hard link")) {
        close(open("other", O_CREAT | O_WRONLY, 0666));
        (void)!link("other", "out.txt");
    }
    if (IS("hard link of the image"))
        (void)!link("/etc/passwd", "out.txt");
    if (IS("sparse")) {
        int fd = open("out.txt", O_CREAT | O_RDWR, 0666);
        (void)!ftruncate(fd, 16L << 20);
    }
    if (IS("holes")) {
        int fd = open("out.txt", O_CREAT | O_RDWR, 0666);
        for (off_t at = 0; at < 16L << 20; at += 8192)
            (void)!pwrite(fd, "x", 1, at);
    }
    if (IS("unreadable"))
        close(open("out.txt", O_CREAT | O_WRONLY, 0));
    if (IS("crowded directory")) {
        mkdir("out.txt", 0777);
        for (int i = 0; i < 10000; i++) {
            char path[64];
            snprintf(path, sizeof path, "out.txt/%d", i);
            close(open(path, O_CREAT | O_WRONLY, 0666));
        }
    }
    if (IS("swap") && fork() == 0) {
        setsid();
        for (double end = now() + 10; now() < end;) {
            unlink("out.txt");
            (void)!symlink("/etc/passwd", "out.txt");
            unlink("out.txt");
            close(open("out.txt", O_CREAT | O_WRONLY, 0666));
        }
    }
    if (IS("swap"))
        nap(0.2);
    if (IS("locked folder")) {
        close(open("out.txt", O_CREAT | O_WRONLY, 0666));
        chmod(".", 0);
    }
    return done();
}
