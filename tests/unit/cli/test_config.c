/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c: which layer wins, and what mistakes are called. */
#include <errno.h>

#include "cli/config.h"
#include "fixture.h"

/* Loads a file with this text (NULL: an empty one) under this environment and these flags. */
struct attempt {
    const char *file;
    const char *environment[4];
    struct config_override overrides[2];
    size_t override_count;
    struct config config;
    struct error err;
    char *folder, *path;
    int r;
};

static void load(struct attempt *attempt)
{
    attempt->folder = folder_new();
    attempt->path = file_write(attempt->folder, "evalx.yaml", attempt->file != NULL ? attempt->file : "");
    struct config_sources sources = {.file = attempt->path,
                                     .environment = attempt->environment,
                                     .overrides = attempt->overrides,
                                     .override_count = attempt->override_count};
    attempt->r = config_load(&sources, &attempt->config, &attempt->err);
}

static void unload(struct attempt *attempt)
{
    config_release(&attempt->config);
    free(attempt->path);
    file_remove(attempt->folder, "evalx.yaml");
    folder_remove(attempt->folder);
}

/* The file is refused, and the message is path + what. */
static void check_refused(const char *text, const char *what)
{
    struct attempt attempt = {.file = text};
    load(&attempt);
    assert_int_equal(attempt.r, -EINVAL);
    char *expected = xasprintf("%s%s", attempt.path, what);
    assert_string_equal(attempt.err.message, expected);
    free(expected);
    unload(&attempt);
}

static void defaults(void **state)
{
    struct attempt attempt = {0};
    (void)state;

    load(&attempt);
    assert_int_equal(attempt.r, 0);
    assert_string_equal(attempt.config.listen, "127.0.0.1:2358");
    assert_int_equal(attempt.config.store_lease_ms, 10000);
    assert_int_equal(attempt.config.store_retention_ms, 86400000);
    assert_int_equal(attempt.config.api_max_body, 16 << 20);
    assert_true(attempt.config.slots >= 1);
    assert_int_equal(attempt.config.limits.cpu_time_ms, 2000);
    assert_int_equal(attempt.config.max_limits.cpu_time_ms, 15000);
    assert_int_equal(attempt.config.origins[CONFIG_KEY_listen].source, CONFIG_FROM_DEFAULT);
    unload(&attempt);
}

static void every_layer_wins_over_the_one_below(void **state)
{
    struct attempt attempt = {
        .file = "listen: 127.0.0.1:1\nslots: 3\nstore:\n  lease: 20s\nqueue.max_depth: 7\n",
        .environment = {"EVALX_LISTEN=127.0.0.1:2", "EVALX_STORE_LEASE=30s", "HOME=/", NULL},
        .override_count = 1,
    };
    (void)state;

    attempt.overrides[0] = (struct config_override){config_key_of_flag("listen"), "127.0.0.1:3", "--listen"};
    load(&attempt);
    assert_int_equal(attempt.r, 0);
    assert_string_equal(attempt.config.listen, "127.0.0.1:3");
    assert_int_equal(attempt.config.origins[CONFIG_KEY_listen].source, CONFIG_FROM_FLAG);
    assert_string_equal(attempt.config.origins[CONFIG_KEY_listen].where, "--listen");
    assert_int_equal(attempt.config.store_lease_ms, 30000);
    assert_int_equal(attempt.config.origins[CONFIG_KEY_store_lease_ms].source, CONFIG_FROM_ENVIRONMENT);
    assert_string_equal(attempt.config.origins[CONFIG_KEY_store_lease_ms].where, "EVALX_STORE_LEASE");
    assert_int_equal(attempt.config.slots, 3);
    assert_int_equal(attempt.config.queue_max_depth, 7);
    char *where = xasprintf("%s:2", attempt.path);
    assert_string_equal(attempt.config.origins[CONFIG_KEY_slots].where, where);
    free(where);
    assert_int_equal(attempt.config.warnings.count, 0);
    unload(&attempt);
}

static void mistakes_in_the_file(void **state)
{
    (void)state;
    check_refused("listen: 127.0.0.1:1\nstore:\n  leese: 3s\n",
                  ":3: unknown key \"store.leese\"; did you mean \"store.lease\"?");
    check_refused("nonsense_of_mine: 3\n", ":1: unknown key \"nonsense_of_mine\"");
    check_refused("slots: many\n", ":1: slots: must be a whole number, not \"many\"");
    check_refused("\n\nslots: 1000\n", ":3: slots: must be between 0 and 128");
    check_refused("store:\n  lease: 10\n",
                  ":2: store.lease: must be a duration such as 250ms, 3s, 5m or 24h, not \"10\"");
    check_refused("store: {lease: 1ms}\n", ":1: store.lease: must be between 100ms and 1h");
    check_refused("queue: {paused: perhaps}\n", ":1: queue.paused: must be true or false, not \"perhaps\"");
    check_refused("log:\n  format: xml\n", ":2: log.format: must be one of json|text, not \"xml\"");
    check_refused("log:\n  format: jso\n", ":2: log.format: must be one of json|text, not \"jso\"");
    check_refused("slots: [1, 2]\n", ":1: slots: must be one value, not a list");
    check_refused("slots: 1\nslots: 2\n", ":2: given twice: key \"slots\"");
    check_refused("store: {lease: 3s}\nstore.lease: 4s\n", ":2: given twice: key \"store.lease\"");
    check_refused("- listen\n", ":1: must be keys and values");
    check_refused("limits:\n  cpu_time_ms: 0\n", ":2: limits.cpu_time_ms: must be between 1 and 1099511627776");
}

static void not_yaml(void **state)
{
    struct attempt attempt = {.file = "listen: 127.0.0.1:1\n slots: [3\n"};
    (void)state;

    load(&attempt);
    assert_int_equal(attempt.r, -EINVAL);
    assert_non_null(strstr(attempt.err.message, "evalx.yaml:2: not YAML"));
    unload(&attempt);
}

static void missing_file(void **state)
{
    struct config config = {0};
    struct error err = ERROR_INIT;
    struct config_sources sources = {.file = "/nonexistent/evalx.yaml"};
    (void)state;

    assert_int_equal(config_load(&sources, &config, &err), -ENOENT);
    assert_non_null(strstr(err.message, "/nonexistent/evalx.yaml"));
    config_release(&config);
}

static void default_above_its_cap(void **state)
{
    struct attempt attempt = {.file = "limits: {cpu_time_ms: 9s, max_cpu_time_ms: 5000}\n"};
    (void)state;

    load(&attempt);
    assert_int_equal(attempt.r, -EINVAL);
    char *expected = xasprintf("limits.cpu_time_ms is 9000 (%s:1), above limits.max_cpu_time_ms, which is 5000 (%s:1)",
                               attempt.path, attempt.path);
    assert_string_equal(attempt.err.message, expected);
    free(expected);
    unload(&attempt);
}

static void a_default_goes_down_with_its_cap(void **state)
{
    struct attempt attempt = {.file = "limits: {max_cpu_time_ms: 20ms}\n"};
    (void)state;

    load(&attempt);
    assert_int_equal(attempt.r, 0);
    assert_int_equal(attempt.config.limits.cpu_time_ms, 20);
    assert_int_equal(attempt.config.limits.wall_time_ms, 10000);
    unload(&attempt);

    struct attempt set = {.file = "limits: {cpu_time_ms: 2s, max_cpu_time_ms: 20ms}\n"};
    load(&set);
    assert_int_equal(set.r, -EINVAL);
    unload(&set);

    struct attempt above = {.file = "limits: {cpu_time_ms: 16s}\n"};
    load(&above);
    assert_int_equal(above.r, -EINVAL);
    assert_non_null(strstr(above.err.message, "which is 15000 (default)"));
    unload(&above);
}

static void listen_addresses(void **state)
{
    static const char *const good[] = {"listen: 0.0.0.0:80\n", "listen: '[::1]:0'\n", "listen: unix:/run/x.sock\n",
                                       "listen: host:65535\n"};
    static const char *const bad[] = {"listen: nonsense\n",   "listen: ':80'\n",   "listen: 'host:'\n",
                                      "listen: host:65536\n", "listen: 'unix:'\n", "listen: host:-1\n"};
    (void)state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct attempt attempt = {.file = good[i]};
        load(&attempt);
        assert_int_equal(attempt.r, 0);
        unload(&attempt);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct attempt attempt = {.file = bad[i]};
        load(&attempt);
        assert_int_equal(attempt.r, -EINVAL);
        assert_non_null(strstr(attempt.err.message, "listen: must be HOST:PORT or unix:PATH"));
        unload(&attempt);
    }
}

static void environment_mistakes(void **state)
{
    struct attempt wrong = {.environment = {"EVALX_SLOTS=many", NULL}};
    struct attempt unknown = {.environment = {"EVALX_SLOT=3", "EVALX_SERVICE_HOST=10.0.0.1", "EVALX_SLOTS=", NULL}};
    (void)state;

    load(&wrong);
    assert_int_equal(wrong.r, -EINVAL);
    assert_string_equal(wrong.err.message, "EVALX_SLOTS: slots: must be a whole number, not \"many\"");
    unload(&wrong);

    load(&unknown);
    assert_int_equal(unknown.r, 0);
    assert_int_equal(unknown.config.warnings.count, 1);
    assert_string_equal(unknown.config.warnings.items[0], "unknown variable EVALX_SLOT; did you mean EVALX_SLOTS?");
    unload(&unknown);
}

static void lists(void **state)
{
    struct attempt file = {.file = "sandbox:\n  mounts: [/opt/a, /opt/b]\n"};
    struct attempt environment = {.environment = {"EVALX_SANDBOX_MOUNTS=/opt/a, /opt/b,,", NULL}};
    struct attempt *attempts[] = {&file, &environment};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        load(attempts[i]);
        assert_int_equal(attempts[i]->r, 0);
        assert_int_equal(attempts[i]->config.sandbox_mounts.count, 2);
        assert_string_equal(attempts[i]->config.sandbox_mounts.items[0], "/opt/a");
        assert_string_equal(attempts[i]->config.sandbox_mounts.items[1], "/opt/b");
        unload(attempts[i]);
    }
}

/* What evalx config prints is a file that gives the same configuration. */
static void printed_values_read_back(void **state)
{
    struct attempt first = {.environment = {"EVALX_STATE_DIR=/tmp/with \"quotes\" \\ and: #more",
                                            "EVALX_SANDBOX_MOUNTS=/a,/b c", "EVALX_STORE_LEASE=1500ms", NULL}};
    struct buf text = BUF_INIT;
    (void)state;

    load(&first);
    assert_int_equal(first.r, 0);
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        buf_printf(&text, "%s: ", config_keys[i].name);
        config_print_value(&first.config, &config_keys[i], &text);
        buf_append_char(&text, '\n');
    }
    struct attempt second = {.file = buf_str(&text)};
    load(&second);
    assert_int_equal(second.r, 0);
    assert_string_equal(second.config.state_dir, first.config.state_dir);
    assert_int_equal(second.config.store_lease_ms, 1500);
    assert_int_equal(second.config.sandbox_mounts.count, 2);
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        struct buf a = BUF_INIT, b = BUF_INIT;
        config_print_value(&first.config, &config_keys[i], &a);
        config_print_value(&second.config, &config_keys[i], &b);
        assert_string_equal(buf_str(&a), buf_str(&b));
        buf_release(&a);
        buf_release(&b);
    }
    buf_release(&text);
    unload(&first);
    unload(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_layer_wins_over_the_one_below),
        cmocka_unit_test(mistakes_in_the_file),
        cmocka_unit_test(not_yaml),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(default_above_its_cap),
        cmocka_unit_test(a_default_goes_down_with_its_cap),
        cmocka_unit_test(listen_addresses),
        cmocka_unit_test(environment_mistakes),
        cmocka_unit_test(lists),
        cmocka_unit_test(printed_values_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
