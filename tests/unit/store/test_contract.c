/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_contract.c: runs what store.h promises, one case a promise, against every backend, from one table. A new backend adds a
 * line to `backends`. Time is moved with store_sweep, never slept away.
 */
#include "contract.h"

#include <assert.h>

static const struct backend {
    const char *name, *url;
} backends[] = {
    {"sqlite", "sqlite:%s/evalx.db"},
    {"redis", "redis+unix:%s/redis.sock"},
};

static const struct contract_case *const groups[] = {queue_cases, lease_cases, watch_cases, outbox_cases};

struct row {
    const struct backend *backend;
    const struct contract_case *contract;
    char name[128];
    struct fixture fixture;
};

static int set_up(void **state)
{
    struct row *row = *state;
    fixture_open(&row->fixture, row->backend->url);
    return 0;
}

static int tear_down(void **state)
{
    struct row *row = *state;
    fixture_close(&row->fixture);
    return 0;
}

static void run_row(void **state)
{
    struct row *row = *state;
    row->contract->run(&row->fixture);
}

int main(void)
{
    static struct row rows[256];
    static struct CMUnitTest tests[ARRAY_LEN(rows)];
    size_t count = 0;
    for (size_t b = 0; b < ARRAY_LEN(backends); b++)
        for (size_t g = 0; g < ARRAY_LEN(groups); g++)
            for (const struct contract_case *contract = groups[g]; contract->name; contract++, count++) {
                assert(count < ARRAY_LEN(rows));
                struct row *row = &rows[count];
                row->backend = &backends[b];
                row->contract = contract;
                snprintf(row->name, sizeof(row->name), "%s: %s", row->backend->name, contract->name);
                tests[count] = (struct CMUnitTest){row->name, run_row, set_up, tear_down, row};
            }
    return _cmocka_run_group_tests("store_contract", tests, count, NULL, NULL);
}
