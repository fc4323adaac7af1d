/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uml_xstate.c: lets Debian's user-mode-linux start on processors whose register state is larger than it knows (AMX). Preloaded by v2.sh.
 *
 * It keeps 2,696 bytes of a process's extended registers and sets them with PTRACE_SETREGSET; Linux refuses (EFAULT) what is shorter than the
 * processor's whole state. Here such a call is made whole: the state that the process has, with the caller's bytes laid over its
 * beginning. The caller's header says which parts are in use; those that it does not know stay as they are.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { STATE_MAX = 65536, HEADER_AT = 512 };

static long kernel_ptrace(long request, pid_t pid, void *address, void *data)
{
    return syscall(SYS_ptrace, request, (long)pid, address, data);
}

static long set_state(pid_t pid, const struct iovec *given)
{
    static _Thread_local char whole[STATE_MAX] __attribute__((aligned(64)));
    struct iovec state = {.iov_base = whole, .iov_len = sizeof whole};
    uint64_t in_use_before, in_use;

    if (kernel_ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &state) < 0)
        return -1;
    if (given->iov_len >= state.iov_len || given->iov_len < HEADER_AT + sizeof in_use)
        return kernel_ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, (void *)given);
    memcpy(&in_use_before, whole + HEADER_AT, sizeof in_use_before);
    memcpy(whole, given->iov_base, given->iov_len);
    memcpy(&in_use, whole + HEADER_AT, sizeof in_use);
    in_use = (in_use & 0x3ff) |
             (in_use_before & ~(uint64_t)0x3ff); /* bits 0 to 9: up to the protection keys, which end at 2,696 */
    memcpy(whole + HEADER_AT, &in_use, sizeof in_use);
    return kernel_ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &state);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list args;
    va_start(args, request);
    pid_t pid = va_arg(args, pid_t);
    void *address = va_arg(args, void *), *data = va_arg(args, void *);
    va_end(args);

    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
        return set_state(pid, data);
    long word = 0;
    if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) { /* as the C library gives it */
        if (kernel_ptrace(request, pid, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    }
    return kernel_ptrace(request, pid, address, data);
}
