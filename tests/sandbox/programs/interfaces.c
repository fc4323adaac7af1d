#include "hostile.h"
/* Kernel interfaces that programs do not need and that have been the way out elsewhere. */
int main(void)
{
    char block[4096] = {0};
    REFUSED("bpf", syscall(SYS_bpf, 0, block, sizeof block));
    REFUSED("bpf program", syscall(SYS_bpf, 5, block, sizeof block));
    REFUSED("perf_event_open", syscall(SYS_perf_event_open, block, 0, -1, -1, 0));
    REFUSED("io_uring_setup", syscall(425, 8, block));
    REFUSED("io_uring_enter", syscall(426, 0, 1, 1, 0, NULL, 0));
    REFUSED("io_uring_register", syscall(427, 0, 0, NULL, 0));
    REFUSED("io_setup", syscall(SYS_io_setup, 8, block));
    REFUSED("userfaultfd", syscall(SYS_userfaultfd, 0));
    REFUSED("userfaultfd, user mode", syscall(SYS_userfaultfd, 1));
    REFUSED("fanotify", syscall(SYS_fanotify_init, 0, 0));
    REFUSED("inotify", syscall(SYS_inotify_init1, 0));
    REFUSED("vmsplice", syscall(SYS_vmsplice, 1, NULL, 0, 0));
    REFUSED("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0));
    REFUSED("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
    REFUSED("init_module", syscall(SYS_init_module, block, 16, ""));
    REFUSED("finit_module", syscall(SYS_finit_module, 0, "", 0));
    REFUSED("iopl", syscall(SYS_iopl, 3));
    REFUSED("ioperm", syscall(SYS_ioperm, 0, 1024, 1));
    REFUSED("modify_ldt", syscall(SYS_modify_ldt, 1, block, 16));
    REFUSED("personality", syscall(SYS_personality, 0x0400000));
    REFUSED("swapon", syscall(SYS_swapon, "/tmp/x", 0));
    REFUSED("acct", syscall(SYS_acct, "/tmp/x"));
    REFUSED("quotactl", syscall(SYS_quotactl, 0, "", 0, NULL));
    REFUSED("syslog", syscall(SYS_syslog, 3, block, sizeof block));
    REFUSED("sethostname", sethostname("evalx-hostile", 13));
    REFUSED("setdomainname", setdomainname("evalx-hostile", 13));
    REFUSED("kcmp", syscall(SYS_kcmp, 1, getpid(), 0, 0, 0));
    REFUSED("move_pages", syscall(SYS_move_pages, 1, 0, NULL, NULL, NULL, 0));
    REFUSED("migrate_pages", syscall(SYS_migrate_pages, 1, 64, block, block));
    REFUSED("process_madvise", syscall(440, 0, NULL, 0, 0, 0));
    REFUSED("process_mrelease", syscall(448, 0, 0));
    REFUSED("landlock", syscall(444, NULL, 0, 1));
    REFUSED("seccomp", syscall(SYS_seccomp, 0, 0, NULL));
    REFUSED("mq_open", syscall(SYS_mq_open, "evalx-hostile", O_CREAT | O_RDWR, 0666, NULL));
    REFUSED("syncing every disk", syscall(SYS_syncfs, 0));
    return done();
}
