/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.c: what the server says of itself: languages, version, health, its own description. */
#include <errno.h>

#include "api/complaint.h"
#include "api/openapi.h"
#include "api/query.h"
#include "base/json.h"

void api_answer_json(struct http_exchange *x, int status, json_t *document)
{
    _cleanup_(buf_release) struct buf body = BUF_INIT;
    json_write(document, &body);
    json_decref(document);
    http_answer(x, status, NULL, buf_view(&body));
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *language_json(const struct language *language)
{
    json_t *aliases = json_array();
    for (size_t i = 0; i < language->aliases.count; i++)
        json_array_append_new(aliases, json_string(language->aliases.items[i]));
    json_t *form = json_object();
    json_object_set_new(form, "name", json_string(language->name));
    json_object_set_new(form, "title", text_or_null(language->title));
    json_object_set_new(form, "aliases", aliases);
    json_object_set_new(form, "version", text_or_null(language->version));
    json_object_set_new(form, "compiled", json_boolean(language->compiled));
    json_object_set_new(form, "available", json_boolean(language->available));
    if (!language->available) {
        _cleanup_(freep) char *install = language_install_command(language);
        json_object_set_new(form, "reason", text_or_null(language->reason));
        json_object_set_new(form, "install", text_or_null(install));
    }
    return form;
}

void api_get_languages(void *context, struct http_exchange *x)
{
    struct api *api = context;
    bool all = false;
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (query_flag(x, "all", &all, &c) < 0) {
        complaint_answer(api, x, &c);
        return;
    }
    const struct registry *registry = api->config.registry;
    json_t *list = json_array();
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct language *language = registry_at(registry, i);
        if (language->available || all)
            json_array_append_new(list, language_json(language));
    }
    json_t *document = json_object();
    json_object_set_new(document, "languages", list);
    api_answer_json(x, 200, document);
}

void api_get_version(void *context, struct http_exchange *x)
{
    (void)context;
    http_answer(x, 200, NULL, STR("{\"name\":\"evalx\",\"version\":\"" EVALX_VERSION "\"}"));
}

void api_get_healthz(void *context, struct http_exchange *x)
{
    (void)context;
    http_answer(x, 200, NULL, STR("{\"status\":\"ok\"}"));
}

void api_get_readyz(void *context, struct http_exchange *x)
{
    struct api *api = context;
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    int r = atomic_load(&api->leaving) ? complain(&c, 503, "the server is stopping") : 0;
    int store = r == 0 ? store_ping(api->config.store) : 0;
    if (store < 0 && store != -ENOSPC)
        r = complain(&c, 503, "the store cannot be reached");
    /* Without room: a balancer that sent nobody any more would take the results away from everybody, too. */
    if (r < 0)
        complaint_answer(api, x, &c);
    else if (store == -ENOSPC)
        http_answer(x, 200, NULL, STR("{\"status\":\"full\"}"));
    else
        http_answer(x, 200, NULL, STR("{\"status\":\"ready\"}"));
}

void api_get_metrics(void *context, struct http_exchange *x)
{
    struct api *api = context;
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    metrics_render(api->config.metrics, &text);
    http_answer(x, 200, METRICS_CONTENT_TYPE, buf_view(&text));
}

void api_get_openapi(void *context, struct http_exchange *x)
{
    (void)context;
    http_answer(x, 200, NULL, (struct str){openapi_text, openapi_len});
}
