#include "hostile.h"
// System calls that no library makes: with garbage in the high halves, by a computed number, from generated code.
static long raw(long n, long a, long b, long c)
{
    long r;
    register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0, r9 __asm__("r9") = 0;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return r;
}
int main()
{
    volatile long mount = 160 + 5, base = SYS_ptrace;
    HOLDS("mount", raw(mount, (long)"x", (long)"/tmp", (long)"tmpfs") < 0);
    HOLDS("ptrace", raw(base, 16, 1, 0) < 0);
    HOLDS("unshare", raw(SYS_unshare, CLONE_NEWUSER | 1L << 40, 0, 0) < 0);
    HOLDS("a number beyond all", raw(100000, 0, 0, 0) < 0);
    const long odds[] = {0x7fffffffL, -5L, 0x40000000L + SYS_unshare, 0x40000000L + SYS_mount};
    for (long odd : odds) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0)
            _exit(raw(odd, 0, 0, 0) >= 0);
        waitpid(pid, &status, 0);
        HOLDS("an odd number", WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    }
    unsigned char *page = (unsigned char *)mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
        const unsigned char code[] = {0xb8, 0xa5, 0, 0, 0, 0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0x0f, 0x05, 0xc3}; // mount(0, 0, 0)
        memcpy(page, code, sizeof code);
        HOLDS("mount from generated code", ((int (*)())page)() < 0);
    }
    return done();
}
