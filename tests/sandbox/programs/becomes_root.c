#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include "hostile.h"
static void try_set_id(const char *path)
{
    struct stat st;
    int p[2];
    if (stat(path, &st) < 0 || pipe(p) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        /* As root it could list this. */
        dup2(p[1], 1);
        dup2(p[1], 2);
        execl(path, path, "-c", "id -u", NULL);
        _exit(127);
    }
    close(p[1]);
    char text[200] = "";
    (void)!read(p[0], text, sizeof text - 1);
    waitpid(pid, NULL, 0);
    HOLDS(path, strcmp(text, "0\n") != 0);
}
int main(void)
{
    gid_t none = 0;
    struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    REFUSED("setuid", setuid(0));
    REFUSED("setreuid", setreuid(0, 0));
    REFUSED("setresuid", setresuid(0, 0, 0));
    REFUSED("setgid", setgid(0));
    REFUSED("setresgid", setresgid(0, 0, 0));
    REFUSED("setgroups", setgroups(1, &none));
    REFUSED("capset", syscall(SYS_capset, &h, all));
    REFUSED("ambient capabilities", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0));
    REFUSED("securebits", prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
    REFUSED("new privileges again", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    close(open("evalx-hostile-suid", O_CREAT | O_WRONLY, 0700));
    if (chmod("evalx-hostile-suid", 06777) == 0) {
        struct stat st;
        stat("evalx-hostile-suid", &st);
        HOLDS("a set-user-ID file of root's", st.st_uid != 0);
    }
    REFUSED("giving a file away", chown("evalx-hostile-suid", 0, 0));
    REFUSED("file capabilities", syscall(SYS_setxattr, "evalx-hostile-suid", "security.capability", "x", 1, 0));
    static const char *const tools[] = {"/usr/bin/su", "/usr/bin/sudo", "/usr/bin/newgrp", "/usr/bin/passwd", "/usr/bin/chsh", "/usr/bin/mount", "/usr/bin/pkexec"};
    for (unsigned i = 0; i < sizeof tools / sizeof *tools; i++)
        try_set_id(tools[i]);
    HOLDS("somebody else now", getuid() == geteuid() && getuid() >= 1000);
    return done();
}
