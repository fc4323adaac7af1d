/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside_calls.c: the system calls that a box refuses, each really tried. Every line of policy.def that refuses becomes a call here; a second
 * list says what no change of policy.def may let through. The arguments would do nothing if a call were let through.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

static const struct {
    const char *name;
    long number;
} refusals[] = {
#define ALLOW(call)
#define ALLOW_COUNTED_IF(call, a, mask, value)
#define ALLOW_IF(call, a, mask, value)
#define ALLOW_IF2(call, a, m, v, a2, m2, v2)
#define ALLOW_IF3(call, a, m, v, a2, m2, v2, a3, m3, v3)
#define PRETEND(call)
#define PRETEND_IF(call, a, value)
#define REFUSE_IF(call, a, value, error)
#define REFUSE_IF2(call, a, value, a2, value2, error)
#define REFUSE(call) {#call, SYS_##call},
#include "jail/policy.def"
#undef REFUSE
#undef REFUSE_IF
#undef REFUSE_IF2
};

static const struct {
    const char *name;
    long number;
    int error;
    long arguments[3];
} argument_refusals[] = {
#define REFUSE(call)
#define REFUSE_IF(call, a, value, error) {#call "(" #value ")", SYS_##call, error, {[a] = value}},
#define REFUSE_IF2(call, a, value, a2, value2, error) \
    {#call "(" #value ", " #value2 ")", SYS_##call, error, {[a] = value, [a2] = value2}},
#include "jail/policy.def"
};

/* What no change of policy.def may let through. */
static const struct {
    const char *name;
    long number;
    int error;
} must_be_refused[] = {
#define EPERM_CALL(call)         \
    {                            \
#call, SYS_##call, EPERM \
    }
#define ENOSYS_CALL(call)         \
    {                             \
#call, SYS_##call, ENOSYS \
    }
    EPERM_CALL(ptrace),
    EPERM_CALL(process_vm_readv),
    EPERM_CALL(process_vm_writev),
    EPERM_CALL(kcmp),
    EPERM_CALL(mount),
    EPERM_CALL(umount2),
    EPERM_CALL(pivot_root),
    EPERM_CALL(chroot),
    EPERM_CALL(unshare),
    EPERM_CALL(setns),
    EPERM_CALL(bpf),
    EPERM_CALL(perf_event_open),
    EPERM_CALL(userfaultfd),
    EPERM_CALL(add_key),
    EPERM_CALL(request_key),
    EPERM_CALL(keyctl),
    EPERM_CALL(init_module),
    EPERM_CALL(finit_module),
    EPERM_CALL(delete_module),
    EPERM_CALL(kexec_load),
    EPERM_CALL(reboot),
    EPERM_CALL(swapon),
    EPERM_CALL(swapoff),
    EPERM_CALL(acct),
    EPERM_CALL(iopl),
    EPERM_CALL(ioperm),
    EPERM_CALL(modify_ldt),
    EPERM_CALL(settimeofday),
    EPERM_CALL(clock_settime),
    EPERM_CALL(adjtimex),
    EPERM_CALL(sethostname),
    EPERM_CALL(setdomainname),
    EPERM_CALL(syslog),
    EPERM_CALL(vhangup),
    EPERM_CALL(open_by_handle_at),
    EPERM_CALL(name_to_handle_at),
    EPERM_CALL(fanotify_init),
    EPERM_CALL(inotify_init),
    EPERM_CALL(inotify_init1),
    EPERM_CALL(inotify_add_watch),
    EPERM_CALL(setuid),
    EPERM_CALL(setgid),
    EPERM_CALL(setreuid),
    EPERM_CALL(setregid),
    EPERM_CALL(setresuid),
    EPERM_CALL(setresgid),
    EPERM_CALL(setgroups),
    EPERM_CALL(setfsuid),
    EPERM_CALL(setfsgid),
    EPERM_CALL(capset),
    EPERM_CALL(chown),
    EPERM_CALL(fchown),
    EPERM_CALL(lchown),
    EPERM_CALL(fchownat),
    EPERM_CALL(setxattr),
    EPERM_CALL(fsetxattr),
    EPERM_CALL(lsetxattr),
    EPERM_CALL(removexattr),
    EPERM_CALL(move_pages),
    EPERM_CALL(migrate_pages),
    EPERM_CALL(vmsplice),
    EPERM_CALL(pidfd_getfd),
    EPERM_CALL(open_tree),
    EPERM_CALL(move_mount),
    EPERM_CALL(fsopen),
    EPERM_CALL(fsmount),
    EPERM_CALL(mount_setattr),
    EPERM_CALL(quotactl),
    EPERM_CALL(process_madvise),
    EPERM_CALL(memfd_secret),
    ENOSYS_CALL(clone3),
    ENOSYS_CALL(mknod),
    ENOSYS_CALL(mknodat),
    ENOSYS_CALL(io_uring_setup),
    ENOSYS_CALL(io_uring_enter),
    ENOSYS_CALL(io_uring_register),
    ENOSYS_CALL(mq_open),
    ENOSYS_CALL(sync),
    ENOSYS_CALL(syncfs),
    ENOSYS_CALL(seccomp),
    ENOSYS_CALL(uselib),
    ENOSYS_CALL(ustat),
    ENOSYS_CALL(sysfs),
    ENOSYS_CALL(remap_file_pages),
    ENOSYS_CALL(landlock_create_ruleset),
    ENOSYS_CALL(ioprio_set),
    ENOSYS_CALL(sched_setattr),
    ENOSYS_CALL(sched_setparam),
    ENOSYS_CALL(io_setup),
    ENOSYS_CALL(io_submit),
    ENOSYS_CALL(nfsservctl),
};

static void system_calls(void)
{
    char name[128];
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        snprintf(name, sizeof name, "refused as the policy says: %s", refusals[i].name);
        refused(name, syscall(refusals[i].number, 0, 0, 0, 0, 0, 0), EPERM);
    }
    for (size_t i = 0; i < ARRAY_LEN(argument_refusals); i++) {
        const long *a = argument_refusals[i].arguments;
        snprintf(name, sizeof name, "refused as the policy says: %s", argument_refusals[i].name);
        refused(name, syscall(argument_refusals[i].number, a[0], a[1], a[2], 0, 0, 0), argument_refusals[i].error);
        snprintf(name, sizeof name, "also with garbage above: %s", argument_refusals[i].name);
        refused(name, syscall(argument_refusals[i].number, a[0] | 1L << 40, a[1] | 1L << 40, a[2] | 1L << 40, 0, 0, 0),
                argument_refusals[i].error);
    }
    for (size_t i = 0; i < ARRAY_LEN(must_be_refused); i++) {
        snprintf(name, sizeof name, "always refused: %s", must_be_refused[i].name);
        refused(name, syscall(must_be_refused[i].number, 0, 0, 0, 0, 0, 0), must_be_refused[i].error);
    }
    static const long unknown[] = {471, 500, 548, 1000, 4095};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        snprintf(name, sizeof name, "unknown call %ld", unknown[i]);
        refused(name, syscall(unknown[i], 0, 0, 0, 0, 0, 0), ENOSYS);
    }
}

static void call_arguments(void)
{
    static const struct {
        const char *name;
        unsigned long flag;
    } namespaces[] = {{"mount", CLONE_NEWNS}, {"cgroup", CLONE_NEWCGROUP}, {"uts", CLONE_NEWUTS},
                      {"ipc", CLONE_NEWIPC},  {"user", CLONE_NEWUSER},     {"pid", CLONE_NEWPID},
                      {"net", CLONE_NEWNET}};
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        char name[100];
        snprintf(name, sizeof name, "no new %s namespace by clone", namespaces[i].name);
        long pid = syscall(SYS_clone, namespaces[i].flag | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            _exit(0);
        refused(name, pid, ENOSYS);
        snprintf(name, sizeof name, "no new %s namespace with garbage above", namespaces[i].name);
        pid = syscall(SYS_clone, namespaces[i].flag | SIGCHLD | 1UL << 40, 0, 0, 0, 0);
        if (pid == 0)
            _exit(0);
        refused(name, pid, ENOSYS);
    }
    static const unsigned long personalities[] = {0x0040000 /* ADDR_NO_RANDOMIZE */, 0x0400000 /* READ_IMPLIES_EXEC */,
                                                  0x0100000 /* MMAP_PAGE_ZERO */, 8};
    for (size_t i = 0; i < ARRAY_LEN(personalities); i++) {
        char name[100];
        snprintf(name, sizeof name, "personality %#lx", personalities[i]);
        refused(name, syscall(SYS_personality, personalities[i]), ENOSYS);
    }
    state(syscall(SYS_personality, 0xffffffff) == 0, "personality can be asked", "%s", strerror(errno));
    refused("prctl: seccomp", prctl(PR_SET_SECCOMP, 1, 0, 0, 0), ENOSYS);
    refused("prctl: dropping from the bounding set", prctl(PR_CAPBSET_DROP, 0, 0, 0, 0), ENOSYS);
    refused("prctl: keeping capabilities", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), ENOSYS);
    refused("prctl: core scheduling", prctl(62 /* PR_SCHED_CORE */, 0, 0, 0, 0), ENOSYS);
    refused("ioctl: inode flags", ioctl(0, 0x40086602 /* FS_IOC_SETFLAGS */, 0), ENOSYS);
    refused("ioctl: FICLONE", ioctl(0, 0x40049409, 0), ENOSYS);
}

/* The call must end the child that makes it. */
static void killed(const char *name, void (*call)(void))
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        call();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    state(pid > 0 && WIFSIGNALED(status), name, "status %#x", status);
}

static void x32_call(void)
{
    syscall(0x40000000L + SYS_getpid);
}

#ifdef __x86_64__
/* Call 20 is getpid there. Where the kernel takes it for the 64-bit call 20 (user-mode-linux), it is that one's rules that hold. */
static void int80_call(void)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(20L), "b"(-1L), "c"(0L), "d"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    if (result != getpid())
        raise(SIGSYS);
}
#endif

static void foreign_calls(void)
{
    killed("x32 calls end the process", x32_call);
#ifdef __x86_64__
    killed("int 0x80 reaches no 32-bit call", int80_call);
#endif
}

void refused_calls(void)
{
    system_calls();
    call_arguments();
    foreign_calls();
    state(fsync(9999) == 0 && fdatasync(9999) == 0, "the disk is not bothered", "%s", strerror(errno));
}
