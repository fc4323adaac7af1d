/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c: policy.def as one libseccomp filter. */
#include "jail/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LOW32 0xffffffffU

/* One line of policy.def: an action when all its conditions hold. Several lines for a call are alternatives. */
struct rule {
    const char *name;
    uint32_t action;
    unsigned count;
    struct {
        unsigned argument;
        uint64_t mask, value;
    } conditions[3];
    bool counted_only;
};

static const struct rule rules[] = {
#define ALLOW(call)                          {#call, SCMP_ACT_ALLOW, 0, {{0}}},
#define REFUSE(call)                         {#call, SCMP_ACT_ERRNO(EPERM), 0, {{0}}},
#define PRETEND(call)                        {#call, SCMP_ACT_ERRNO(0), 0, {{0}}},
#define PRETEND_IF(call, a, value)           {#call, SCMP_ACT_ERRNO(0), 1, {{a, LOW32, value}}},
#define ALLOW_IF(call, a, mask, value)       {#call, SCMP_ACT_ALLOW, 1, {{a, mask, value}}},
#define ALLOW_IF2(call, a, m, v, a2, m2, v2) {#call, SCMP_ACT_ALLOW, 2, {{a, m, v}, {a2, m2, v2}}},
#define ALLOW_IF3(call, a, m, v, a2, m2, v2, a3, m3, v3) \
    {#call, SCMP_ACT_ALLOW, 3, {{a, m, v}, {a2, m2, v2}, {a3, m3, v3}}},
#define ALLOW_COUNTED_IF(call, a, mask, value) \
    {.name = #call, .action = SCMP_ACT_ALLOW, .count = 1, .conditions = {{a, mask, value}}, .counted_only = true},
#define REFUSE_IF(call, a, value, error) {#call, SCMP_ACT_ERRNO(error), 1, {{a, LOW32, value}}},
#define REFUSE_IF2(call, a, value, a2, value2, error) \
    {#call, SCMP_ACT_ERRNO(error), 2, {{a, LOW32, value}, {a2, LOW32, value2}}},
#include "jail/policy.def"
};

static int must(int r, struct error *err, const char *what)
{
    return r == 0 ? 0 : error_errno(err, r, "seccomp rule for %s", what);
}

static int add(scmp_filter_ctx filter, const struct rule *rule, struct error *err)
{
    int call = seccomp_syscall_resolve_name(rule->name);
    if (call == __NR_SCMP_ERROR)
        return 0; /* newer than this libseccomp: the default action covers it */
    struct scmp_arg_cmp conditions[ARRAY_LEN(rule->conditions)];
    for (unsigned i = 0; i < rule->count; i++)
        conditions[i] = (struct scmp_arg_cmp){
            .arg = rule->conditions[i].argument,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = rule->conditions[i].mask,
            .datum_b = rule->conditions[i].value & rule->conditions[i].mask,
        };
    return must(seccomp_rule_add_array(filter, rule->action, call, rule->count, conditions), err, rule->name);
}

static int fill(scmp_filter_ctx filter, bool is_counted, struct error *err)
{
    int r =
        must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), err, "foreign architectures");
    if (r == 0) /* the caller has set no_new_privs and wants to know when that failed */
        r = must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0), err, "no_new_privs");
    if (r == 0)
        r = must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), err, "the search tree");
    for (size_t i = 0; i < ARRAY_LEN(rules) && r == 0; i++)
        r = is_counted || !rules[i].counted_only ? add(filter, &rules[i], err) : 0;
    return r;
}

static int build(scmp_filter_ctx *ret, bool is_counted, struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return error_set(err, -ENOMEM, "seccomp_init failed");
    int r = fill(filter, is_counted, err);
    if (r < 0) {
        seccomp_release(filter);
        return r;
    }
    *ret = filter;
    return 0;
}

int seccomp_enter(bool is_counted, struct error *err)
{
    scmp_filter_ctx filter = NULL;
    int r = build(&filter, is_counted, err);
    if (r < 0)
        return r;
    r = seccomp_load(filter);
    seccomp_release(filter);
    return r < 0 ? error_errno(err, r, "loading the seccomp filter") : 0;
}

int seccomp_print(int fd, bool is_counted, struct error *err)
{
    scmp_filter_ctx filter = NULL;
    int r = build(&filter, is_counted, err);
    if (r < 0)
        return r;
    r = seccomp_export_pfc(filter, fd);
    seccomp_release(filter);
    return r < 0 ? error_errno(err, r, "printing the filter") : 0;
}
