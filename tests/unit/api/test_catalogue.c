/* SPDX-License-Identifier: Apache-2.0 */
/* test_catalogue.c: what the server says of itself, and that openapi.json knows exactly the routes that there are. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/internal.h"

static struct world world;
static struct world *const w = &world;

static int open_world(void **state)
{
    (void)state;
    world_prepare(w);
    w->config.http.cors = true;
    world_start(w);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_end(w);
    return 0;
}

static void languages(void **state)
{
    (void)state;
    json_auto_t *some = ask_json(w, 200, "GET", "/languages", NULL);
    const json_t *list = json_object_get(some, "languages");
    assert_int_equal(json_array_size(list), 2);
    const json_t *cee = json_array_get(list, 0);
    assert_string_equal(text_at(cee, "name"), "cee");
    assert_string_equal(text_at(cee, "version"), "12.2.0");
    assert_string_equal(json_string_value(json_array_get(json_object_get(cee, "aliases"), 0)), "ceelang");
    assert_true(json_is_true(json_object_get(cee, "compiled")));
    assert_true(json_is_true(json_object_get(cee, "available")));
    assert_true(json_is_false(json_object_get(json_array_get(list, 1), "compiled")));

    json_auto_t *all = ask_json(w, 200, "GET", "/languages?all=true", NULL);
    list = json_object_get(all, "languages");
    assert_int_equal(json_array_size(list), 3);
    const json_t *absent = json_array_get(list, 0);
    assert_true(json_is_false(json_object_get(absent, "available")));
    assert_true(json_is_null(json_object_get(absent, "version")));
    assert_non_null(strstr(text_at(absent, "install"), "absent"));

    _cleanup_(reply_release) struct reply bad = ask(w, "GET", "/languages?all=perhaps", NULL, NULL);
    assert_problem(&bad, 422, "all", "true or false");
}

static void version_and_health(void **state)
{
    (void)state;
    json_auto_t *version = ask_json(w, 200, "GET", "/version", NULL);
    assert_string_equal(text_at(version, "version"), EVALX_VERSION);
    json_auto_t *health = ask_json(w, 200, "GET", "/healthz", NULL);
    assert_string_equal(text_at(health, "status"), "ok");
    json_auto_t *ready = ask_json(w, 200, "GET", "/readyz", NULL);
    assert_string_equal(text_at(ready, "status"), "ready");
}

static void leaving_shows_in_readiness_only(void **state)
{
    (void)state;
    api_leave(w->api);
    _cleanup_(reply_release) struct reply ready = ask(w, "GET", "/readyz", NULL, NULL);
    assert_problem(&ready, 503, NULL, "stopping");
    free(submit(w, three_tests));
    json_decref(ask_json(w, 200, "GET", "/healthz", NULL));
}

static int open_health_world(void **state)
{
    (void)state;
    world_prepare(w);
    w->config.routes = API_ROUTES_HEALTH;
    world_start(w);
    return 0;
}

static void health_routes_are_all_there_is(void **state)
{
    (void)state;
    json_decref(ask_json(w, 200, "GET", "/version", NULL));
    json_decref(ask_json(w, 200, "GET", "/healthz", NULL));
    json_decref(ask_json(w, 200, "GET", "/readyz", NULL));
    static const char *const others[] = {"/languages", "/openapi.json", "/submissions/aaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        _cleanup_(reply_release) struct reply none = ask(w, "GET", others[i], NULL, NULL);
        assert_problem(&none, 404, NULL, NULL);
    }
    api_drain(w->api);
    _cleanup_(reply_release) struct reply ready = ask(w, "GET", "/readyz", NULL, NULL);
    assert_problem(&ready, 503, NULL, "stopping");
    json_decref(ask_json(w, 200, "GET", "/healthz", NULL));
}

/* The operation of one route; NULL when it is not described. */
static const json_t *operation_of(const json_t *paths, const struct http_route *route)
{
    char path[64], method[8] = "";
    const char *hole = strstr(route->path, "{}");
    if (hole)
        snprintf(path, sizeof path, "%.*s{token}%s", (int)(hole - route->path), route->path, hole + 2);
    else
        snprintf(path, sizeof path, "%s", route->path);
    for (size_t i = 0; route->method[i] && i < sizeof method - 1; i++)
        method[i] = (char)(route->method[i] | 0x20);
    return json_object_get(json_object_get(paths, path), method);
}

static void openapi_describes_the_routes(void **state)
{
    (void)state;
    json_auto_t *document = ask_json(w, 200, "GET", "/openapi.json", NULL);
    assert_string_equal(text_at(document, "openapi"), "3.1.0");
    assert_string_equal(text_at(json_object_get(document, "info"), "version"), EVALX_VERSION);
    json_t *paths = json_object_get(document, "paths");
    for (size_t i = 0; i < api_route_count; i++)
        if (!operation_of(paths, &api_routes[i]))
            fail_msg("openapi.json lacks %s %s", api_routes[i].method, api_routes[i].path);
    size_t operations = 0;
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(paths, path, item) json_object_foreach(item, method, operation) operations +=
        strcmp(method, "parameters") != 0;
    assert_int_equal(operations, api_route_count);
}

static const json_t *resolve(const json_t *document, const json_t *parameter)
{
    static const char prefix[] = "#/components/parameters/";
    const char *reference = json_string_value(json_object_get(parameter, "$ref"));
    if (!reference)
        return parameter;
    assert_memory_equal(reference, prefix, strlen(prefix));
    const json_t *parameters = json_object_get(json_object_get(document, "components"), "parameters");
    return json_object_get(parameters, reference + strlen(prefix));
}

static void openapi_describes_the_query_parameters(void **state)
{
    (void)state;
    json_auto_t *document = ask_json(w, 200, "GET", "/openapi.json", NULL);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct entrance *entrance = api_routes[i].data;
        const json_t *operation = operation_of(json_object_get(document, "paths"), &api_routes[i]);
        const json_t *list = json_object_get(operation, "parameters");
        size_t known = 0;
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *parameter = resolve(document, json_array_get(list, k));
            if (strcmp(text_at(parameter, "in"), "query") == 0)
                assert_string_equal(entrance->query[known++], text_at(parameter, "name"));
        }
        assert_null(entrance->query[known]);
    }
}

static void refused_query(const struct http_route *route, const char *query, const char *field, const char *text)
{
    const char *hole = strstr(route->path, "{}");
    int before = hole ? (int)(hole - route->path) : (int)strlen(route->path);
    _cleanup_(freep) char *path =
        xasprintf("%.*s%s%s?%s", before, route->path, hole ? "abc" : "", hole ? hole + 2 : "", query);
    _cleanup_(reply_release) struct reply r = ask(w, route->method, path, NULL, NULL);
    assert_problem(&r, 422, field, text);
}

/* On every route, by the name, before anything else is looked at. */
static void unknown_and_repeated_query_parameters(void **state)
{
    (void)state;
    char longest[201] = "";
    memset(longest, 'a', sizeof longest - 1);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        const char *const *query = ((const struct entrance *)route->data)->query;
        refused_query(route, "colour=red", "colour", query[0] ? query[0] : "known here: none");
        refused_query(route, "Wait=1", "Wait", "unknown");
        refused_query(route, "%77ait%20=1", "wait ", "unknown");
        refused_query(route, "=1", "", "unknown");
        refused_query(route, "%ff=1", "\xef\xbf\xbd", "unknown");
        refused_query(route, longest, longest + 200 - 64, "unknown");
        for (; *query; query++) {
            _cleanup_(freep) char *twice = xasprintf("%s=1&%s=1", *query, *query);
            refused_query(route, twice, *query, "more than once");
        }
    }
    _cleanup_(reply_release) struct reply r = ask(w, "GET", "/languages?a=1&all=true&b&all=true", NULL, NULL);
    assert_int_equal(r.status, 422);
    json_auto_t *problem = body_of(&r);
    const json_t *errors = json_object_get(problem, "errors");
    static const char *const fields[] = {"a", "b", "all"};
    assert_int_equal(json_array_size(errors), ARRAY_LEN(fields));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        assert_string_equal(text_at(json_array_get(errors, i), "field"), fields[i]);
    json_auto_t *fine = ask_json(w, 200, "GET", "/languages?&all=true&", NULL);
    assert_non_null(fine);
}

/* The limits table and the description say the same. */
static void openapi_describes_the_limits(void **state)
{
    (void)state;
    json_auto_t *document = ask_json(w, 200, "GET", "/openapi.json", NULL);
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    json_t *properties = json_object_get(json_object_get(schemas, "Limits"), "properties");
    assert_int_equal(json_object_size(properties), limit_field_count);
    for (size_t i = 0; i < limit_field_count; i++) {
        const struct limit_field *field = &limit_fields[i];
        const json_t *described = json_object_get(properties, field->name);
        assert_int_equal(json_integer_value(json_object_get(described, "minimum")), field->least);
        _cleanup_(freep) char *fallback = xasprintf("By default %lld;", (long long)field->fallback);
        _cleanup_(freep) char *cap = xasprintf("at most %lld ", (long long)field->cap);
        assert_non_null(strstr(text_at(described, "description"), fallback));
        assert_non_null(strstr(text_at(described, "description"), cap));
    }
}

static void other_methods_and_paths(void **state)
{
    (void)state;
    _cleanup_(reply_release) struct reply unknown = ask(w, "GET", "/nowhere", NULL, NULL);
    assert_problem(&unknown, 404, NULL, NULL);
    _cleanup_(reply_release) struct reply wrong = ask(w, "GET", "/execute-batch", NULL, NULL);
    assert_problem(&wrong, 405, NULL, NULL);
    assert_true(reply_has(&wrong, "Allow: POST, OPTIONS"));
    _cleanup_(reply_release) struct reply put = ask(w, "PUT", "/submissions/abc", NULL, NULL);
    assert_problem(&put, 405, NULL, NULL);
    assert_true(reply_has(&put, "Allow: GET, HEAD, DELETE, OPTIONS"));
    _cleanup_(reply_release) struct reply head = ask(w, "HEAD", "/languages", NULL, NULL);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body.len, 0);
    _cleanup_(reply_release) struct reply options = ask(w, "OPTIONS", "/execute", NULL, NULL);
    assert_int_equal(options.status, 204);
    assert_true(reply_has(&options, "Access-Control-Allow-Origin: *"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages),
        cmocka_unit_test(version_and_health),
        cmocka_unit_test(openapi_describes_the_routes),
        cmocka_unit_test(openapi_describes_the_query_parameters),
        cmocka_unit_test(openapi_describes_the_limits),
        cmocka_unit_test(unknown_and_repeated_query_parameters),
        cmocka_unit_test(other_methods_and_paths),
    };
    const struct CMUnitTest apart[] = {
        cmocka_unit_test_setup_teardown(leaving_shows_in_readiness_only, open_world, close_world),
        cmocka_unit_test_setup_teardown(health_routes_are_all_there_is, open_health_world, close_world),
    };
    return cmocka_run_group_tests_name("catalogue", tests, open_world, close_world) +
           cmocka_run_group_tests_name("catalogue, worlds of their own", apart, NULL, NULL);
}
