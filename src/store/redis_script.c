/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_script.c: the texts of the scripts: the constants they share with C, then common.lua, then the script's own lines
 * (src/store/redis). The server knows a script by the SHA-1 of its text, which it tells when a script is loaded.
 */
#include <errno.h>

#include "store/redis_store.h"

/* As the server's integers (codes) or as it keeps them (text). */
static void append_constants(struct buf *out)
{
    static const struct {
        const char *name;
        int value;
    } numbers[] = {
        {"ENOENT", -ENOENT},
        {"ESTALE", -ESTALE},
        {"ECANCELED", -ECANCELED},
        {"EEXIST", -EEXIST},
        {"ENOTUNIQ", -ENOTUNIQ},
        {"EAGAIN", -EAGAIN},
        {"EDQUOT", -EDQUOT},
        {"EALREADY", -EALREADY},
        {"EBUSY", -EBUSY},
        {"ATTEMPTS_MAX", STORE_ATTEMPTS_MAX},
        {"SUBMIT_FIELDS", REDIS_SUBMIT_FIELDS},
        {"OWNER_TURN", REDIS_OWNER_TURN},
        {"SWEEP_GAP_MS", REDIS_SWEEP_GAP_MS},
        {"CLOCKS_APART_MS", REDIS_CLOCKS_APART_MS},
        {"OWED_AGAIN_MS", REDIS_OWED_AGAIN_MS},
        {"ROWS_A_SWEEP", REDIS_ROWS_A_SWEEP},
    };
    static const struct {
        const char *name;
        int value;
    } texts[] = {
        {"QUEUED", STATUS_QUEUED},
        {"RUNNING_NOW", STATUS_RUNNING},
        {"FAILED", STATUS_FAILED},
        {"CANCELLED", STATUS_CANCELLED},
        {"EVENT_COMPILE", STORE_EVENT_COMPILE},
        {"EVENT_TEST", STORE_EVENT_TEST},
        {"STARTED", STORE_DELIVERY_STARTED},
        {"TEST", STORE_DELIVERY_TEST},
        {"COMPLETED", STORE_DELIVERY_COMPLETED},
        {"PENDING", STORE_OWED_PENDING},
        {"DELIVERED", STORE_OWED_DELIVERED},
        {"DEAD", STORE_OWED_DEAD},
        {"DELIVERED_NOW", STORE_OUTCOME_DELIVERED},
        {"RETRY", STORE_OUTCOME_RETRY},
        {"HELD", STORE_OUTCOME_HELD},
    };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        buf_printf(out, "local %s = %d\n", numbers[i].name, numbers[i].value);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_printf(out, "local %s = '%d'\n", texts[i].name, texts[i].value);
    buf_printf(out, "local LOST_MESSAGE = '" STORE_LOST_MESSAGE "'\n", STORE_ATTEMPTS_MAX);
}

/*
 * A server that has no memory left refuses scripts, all but those that say that they may go on: what has been accepted must
 * be finished, and forgetting is what makes room. Only submit.lua says nothing. Those that write nothing run even where no write would.
 */
static const char *flags_of(enum redis_script script)
{
    static const char reads[] = "#!lua flags=no-writes,allow-oom\n", writes[] = "#!lua flags=allow-oom\n";
    static const bool is_read[REDIS_SCRIPT_COUNT] = {
        [REDIS_get] = true, [REDIS_depth] = true, [REDIS_outbox_list] = true, [REDIS_outbox_depth] = true};
    return script == REDIS_submit ? "" : is_read[script] ? reads : writes;
}

void redis_scripts_init(struct redis_scripts *scripts)
{
#define REDIS_SCRIPT_ROW(name) [REDIS_##name] = redis_lua_##name,
    static const char *const own[] = {REDIS_SCRIPTS(REDIS_SCRIPT_ROW)};
#undef REDIS_SCRIPT_ROW
    *scripts = (struct redis_scripts){0};
    for (size_t i = 0; i < REDIS_SCRIPT_COUNT; i++) {
        buf_append_str(&scripts->texts[i], flags_of((enum redis_script)i));
        append_constants(&scripts->texts[i]);
        buf_append_str(&scripts->texts[i], redis_lua_common);
        buf_append_str(&scripts->texts[i], own[i]);
    }
}

void redis_scripts_release(struct redis_scripts *scripts)
{
    for (size_t i = 0; i < REDIS_SCRIPT_COUNT; i++)
        buf_release(&scripts->texts[i]);
}
