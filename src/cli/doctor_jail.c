/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_jail.c: what evalx-jail --check says of this machine, as checks. It is started as the sandbox would be: by root, else by the
 * user that evalx is or becomes, in a user namespace. What is refused comes with the setting that gives it (confinement.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/confinement.h"
#include "cli/doctor.h"
#include "cli/privileges.h"

enum { OUTPUT_MAX = 1 << 16 };

/* In the child: root that is not enough becomes the user first, as engine.c does. */
static void become_jail(const struct config *config, const struct identity *identity, bool rootless, int out)
{
    char base[16];
    snprintf(base, sizeof(base), "%u", (unsigned)config->sandbox_uid_base);
    const char *with_root[] = {"evalx-jail", "--check", "--uid-base", base, NULL};
    const char *without[] = {"evalx-jail", "--rootless", "--check", NULL};
    union { /* execve takes char *const * but changes nothing */
        const char **in;
        char *const *out;
    } arguments = {rootless ? without : with_root};
    char *const none[] = {NULL};

    if (rootless && geteuid() == 0 && privileges_drop(identity, NULL) < 0)
        _exit(126);
    if (dup2(out, STDOUT_FILENO) >= 0)
        execve(config->sandbox_jail, arguments.out, none);
    _exit(127);
}

static int ask_jail(const struct config *config, const struct identity *identity, bool rootless, struct buf *said)
{
    int ends[2], status = 0;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    _cleanup_(fd_closep) int in = ends[0], out = ends[1];
    pid_t child = fork();
    if (child == 0)
        become_jail(config, identity, rootless, out);
    fd_closep(&out);
    int r = child < 0 ? -errno : fd_read_all(in, OUTPUT_MAX, said);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return r < 0 ? r : (status == 0 ? 0 : -EIO);
}

/* May evalx go on without it, weaker? */
static bool is_optional(const char *step, bool rootless)
{
    return strcmp(step, rootless ? "control group" : "user namespace") == 0;
}

static void add_step(struct checks *checks, const struct confinement *confinement, bool rootless, char *line)
{
    char *rest = line, *step = strsep(&rest, "\t"), *number = strsep(&rest, "\t");

    if (number == NULL || rest == NULL)
        return;
    int error = (int)strtol(number, NULL, 10);
    _cleanup_(freep) char *mend = error > 0 ? confinement_mend(confinement, step, error) : NULL;
    enum check_state otherwise = is_optional(step, rootless) ? CHECK_WARNING : CHECK_FAILED;
    if (error == 0)
        checks_add(checks, step, CHECK_OK, xstrdup(rest), NULL);
    else if (error < 0)
        checks_add(checks, step, CHECK_WARNING, xasprintf("not tried (%s): it comes after what is refused above", rest),
                   NULL);
    else
        checks_add(checks, step, otherwise,
                   strstr(rest, strerror(error)) != NULL ? xstrdup(rest) : xasprintf("%s: %s", rest, strerror(error)),
                   mend);
}

static void check_privileges(struct checks *checks, const struct config *config, bool rootless)
{
    enum check_state state = !rootless ? CHECK_OK : config->sandbox_allow_degraded ? CHECK_WARNING : CHECK_FAILED;

    checks_add(checks, "privileges", state,
               xstrdup(!rootless ? "root with the capabilities that the sandbox needs"
                       : geteuid() == 0
                           ? "root, but without SYS_ADMIN, SETUID or SETGID: boxes are built in a user namespace"
                           : "not root: boxes are built in a user namespace"),
               "sudo evalx doctor; in a container: see what is refused below");
}

void doctor_jail(struct checks *checks, const struct config *config, const struct identity *identity)
{
    _cleanup_(buf_release) struct buf said = BUF_INIT;
    struct confinement confinement;
    bool rootless = !privileges_for_boxes();

    check_privileges(checks, config, rootless);
    confinement_look(&confinement);
    confinement.rootless = rootless;
    checks_add(checks, "container", CHECK_OK, confinement_describe(&confinement), NULL);
    int r = ask_jail(config, identity, rootless, &said);
    if (r < 0) {
        checks_add(checks, "evalx-jail --check", CHECK_FAILED,
                   xasprintf("could not be run to its end: %s", strerror(-r)), "see the line evalx-jail above");
        return;
    }
    char *rest = said.data;
    for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL;)
        add_step(checks, &confinement, rootless, line);
}
