/* SPDX-License-Identifier: Apache-2.0 */
/* advice.c: see advice.h. */
#include "cli/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* The one line of the file, which others must not be able to read. */
static int read_key(const char *path, char key[LLM_KEY_MAX + 2], struct error *err)
{
    _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(err, -errno, "%s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, -EINVAL, "%s is no regular file", path);
    if (status.st_mode & (S_IROTH | S_IWOTH))
        return error_set(err, -EPERM, "%s can be read or written by everybody: chmod 640 it", path);
    ssize_t len = read(fd, key, LLM_KEY_MAX + 1);
    if (len < 0)
        return error_errno(err, -errno, "%s", path);
    key[len] = '\0';
    key[strcspn(key, "\r\n")] = '\0';
    for (const char *c = key; *c; c++)
        if (*c <= ' ' || *c > '~')
            return error_set(err, -EINVAL, "%s: a key is one line of printable characters without blanks", path);
    if (!*key || strlen(key) > LLM_KEY_MAX)
        return error_set(err, -EINVAL, "%s: a key of 1 to %d characters must stand in its first line", path,
                         LLM_KEY_MAX);
    return 0;
}

int advice_open(const struct config *config, struct metrics *metrics, struct llm **ret, struct error *err)
{
    char key[LLM_KEY_MAX + 2] = "";
    int r = 0;

    if (!*config->hints_ai_url || !config->hints_enabled)
        return 0;
    if (*config->hints_ai_key_file && (r = read_key(config->hints_ai_key_file, key, err)) < 0)
        r = error_wrap(err, r, "hints.ai.key_file");
    if (r == 0) {
        const struct llm_config llm = {.url = config->hints_ai_url,
                                       .model = config->hints_ai_model,
                                       .key = key,
                                       .timeout_ms = config->hints_ai_timeout_ms,
                                       .per_minute = config->hints_ai_rate,
                                       .per_day = config->hints_ai_daily_budget,
                                       .metrics = metrics};
        if ((r = llm_new(&llm, ret, err)) < 0)
            r = error_wrap(err, r, "hints.ai.url");
    }
    explicit_bzero(key, sizeof(key));
    return r;
}

static int ask(void *context, const struct submission *sub, const struct result *result, struct hint *ret)
{
    return llm_ask(context, sub, result, ret);
}

static void stop(void *context)
{
    llm_stop(context);
}

struct worker_adviser advice_adviser(const struct config *config, struct llm *llm)
{
    if (!llm)
        return (struct worker_adviser){0};
    return (struct worker_adviser){.ask = ask, .stop = stop, .context = llm, .wait_ms = config->hints_ai_wait_ms};
}
