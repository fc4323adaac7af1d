/* SPDX-License-Identifier: Apache-2.0 */
/* privileges.c: see privileges.h. Must run while the process has one thread: nothing else may keep the old identity. */
#include "cli/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OVERFLOW_ID = 65534 };

/* Of root's capabilities (linux/capability.h), those without which boxes are built in a user namespace instead. */
#define BOX_CAPABILITIES (1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID)

uint64_t privileges_effective(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) != 0)
        return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

bool privileges_for_boxes(void)
{
    return geteuid() == 0 && (privileges_effective() & BOX_CAPABILITIES) == BOX_CAPABILITIES;
}

/* Programs of a sandbox without root run as this user too: one more wall between them and this process. */
static int close_to_others(struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, -errno, "giving up new privileges");
#if !defined(__SANITIZE_ADDRESS__) /* the leak checker looks at its own process with ptrace */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    return 0;
}

static void identity_set(struct identity *identity, const char *name, uid_t uid, gid_t gid)
{
    identity->uid = uid;
    identity->gid = gid;
    snprintf(identity->name, sizeof(identity->name), "%s", name);
}

int identity_find(const char *name, struct identity *ret, struct error *err)
{
    const struct passwd *user = NULL;

    if (geteuid() != 0) {
        user = getpwuid(geteuid());
        identity_set(ret, user != NULL ? user->pw_name : "-", geteuid(), getegid());
        return 0;
    }
    if (name[0] != '\0') {
        user = getpwnam(name);
        if (user == NULL)
            return error_set(err, -ENOENT, "user: there is no user called \"%s\"", name);
    } else {
        user = getpwnam("evalx");
        if (user == NULL)
            user = getpwnam("nobody");
    }
    if (user != NULL)
        identity_set(ret, user->pw_name, user->pw_uid, user->pw_gid);
    else
        identity_set(ret, "nobody", OVERFLOW_ID, OVERFLOW_ID); /* a container without a user database */
    return 0;
}

int privileges_drop(const struct identity *identity, struct error *err)
{
    if (geteuid() != 0)
        return close_to_others(err);
    if (identity->uid == 0)
        return 0;

    if (setgroups(0, NULL) != 0)
        return error_errno(err, -errno, "dropping the supplementary groups");
    if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
        return error_errno(err, -errno, "becoming the group of %s", identity->name);
    if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
        return error_errno(err, -errno, "becoming %s", identity->name);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, -errno, "giving up new privileges");
    if (setresuid(0, 0, 0) == 0 || seteuid(0) == 0 || setegid(0) == 0)
        return error_set(err, -EPERM, "root could be had back after becoming %s", identity->name);
#if defined(__SANITIZE_ADDRESS__)
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the leak checker looks at its own process with ptrace */
#endif
    return 0;
}
