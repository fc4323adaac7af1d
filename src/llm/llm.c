/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm.c: one question over HTTP. See llm.h.
 *
 * One call at a time, from one thread, so the easy interface does. Everything that is not needed is off: redirects (a key must not follow
 * one), proxies of the environment, cookies, other schemes. The endpoint is the operator's choice, so its address may be a private one.
 */
#include "llm/llm.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "llm/internal.h"

enum { CONNECT_MS = 5000, STATUS_TOO_MANY = 429, RETRY_S_MAX = 86400 };

static const char path[] = "/chat/completions";

struct llm {
    char *url, *model, *authorization;
    int64_t timeout_ms;
    struct metrics *metrics;
    struct gate gate;
    atomic_bool stopped;
};

static void free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void llm_free(struct llm *llm)
{
    if (!llm)
        return;
    free(llm->url);
    free(llm->model);
    free_secret(llm->authorization);
    free(llm);
    curl_global_cleanup();
}

static bool is_here(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* NULL when url is one; otherwise what is wrong with it. */
static const char *url_mistake(const char *url, bool has_key)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *user = NULL, *host = NULL;
    const char *mistake = NULL;

    if (!parsed || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        mistake = "must be http://… or https://…";
    else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
        mistake = "must hold no user and password: the key belongs into the key file";
    else if (has_key && strcmp(scheme, "http") == 0 &&
             (curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || !is_here(host)))
        mistake = "must be https://… when there is a key, which would cross the network in clear";
    curl_free(host);
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parsed);
    return mistake;
}

static char *whole_url(const char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    bool complete = len >= sizeof path - 1 && memcmp(url + len - (sizeof path - 1), path, sizeof path - 1) == 0;
    return xasprintf("%.*s%s", (int)len, url, complete ? "" : path);
}

int llm_new(const struct llm_config *config, struct llm **ret, struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, -ENOMEM, "libcurl cannot be used");
    const char *mistake = url_mistake(config->url, config->key && *config->key);
    if (mistake) {
        curl_global_cleanup();
        return error_set(err, -EINVAL, "%s", mistake);
    }
    struct llm *llm = xcalloc(1, sizeof(*llm));
    llm->url = whole_url(config->url);
    llm->model = xstrdup(config->model);
    llm->timeout_ms = config->timeout_ms;
    llm->metrics = config->metrics;
    if (config->key && *config->key)
        llm->authorization = xasprintf("authorization: Bearer %s", config->key);
    gate_init(&llm->gate, config->per_minute, config->per_day);
    atomic_init(&llm->stopped, false);
    *ret = llm;
    return 0;
}

void llm_stop(struct llm *llm)
{
    atomic_store(&llm->stopped, true);
}

/* ---- one call ---- */

struct call {
    struct llm *llm;
    struct buf body;
    bool too_large;
    long status;
    int64_t retry_after_ms;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t len = size * count;

    call->too_large |= call->body.len + len > ANSWER_MAX;
    if (call->too_large)
        return 0;
    buf_append(&call->body, data, len);
    return len;
}

static int watch(void *context, curl_off_t download, curl_off_t downloaded, curl_off_t upload, curl_off_t uploaded)
{
    const struct call *call = context;
    (void)download, (void)downloaded, (void)upload, (void)uploaded;
    return atomic_load(&call->llm->stopped);
}

#define SET(option, value) (code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code)

static CURLcode set_up(CURL *easy, struct call *call, const struct curl_slist *headers, const struct buf *question)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, call->llm->url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question->len);
    SET(CURLOPT_POSTFIELDS, question->data);
    SET(CURLOPT_TIMEOUT_MS, (long)call->llm->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, call);
    return code;
}

static struct curl_slist *make_headers(const struct llm *llm)
{
    const char *const lines[] = {"content-type: application/json", "accept: application/json",
                                 "expect:", llm->authorization};
    struct curl_slist *headers = NULL;

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct curl_slist *longer = lines[i] ? curl_slist_append(headers, lines[i]) : headers;
        if (!longer) {
            curl_slist_free_all(headers);
            return NULL;
        }
        headers = longer;
    }
    return headers;
}

/* What became of it, for the metric: "" when there is a body to be read. */
static const char *outcome_of(const struct call *call, CURLcode code)
{
    if (atomic_load(&call->llm->stopped))
        return "cancelled";
    if (call->too_large)
        return "too_large";
    if (code == CURLE_OPERATION_TIMEDOUT)
        return "timeout";
    if (code != CURLE_OK)
        return "unreachable";
    if (call->status == STATUS_TOO_MANY)
        return "limited";
    if (call->status >= 500)
        return "server_error";
    return call->status == 200 ? "" : "refused";
}

static const char *post(struct call *call, const struct buf *question)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = make_headers(call->llm);
    CURLcode code = easy && headers ? set_up(easy, call, headers, question) : CURLE_OUT_OF_MEMORY;
    curl_off_t retry_s = 0;

    if (code == CURLE_OK)
        code = curl_easy_perform(easy);
    if (code == CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &call->status);
        curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_s);
    }
    if (call->status == STATUS_TOO_MANY)
        call->retry_after_ms = retry_s > 0 ? 1000 * MIN(retry_s, (curl_off_t)RETRY_S_MAX) : GATE_FIRST_MS;
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return outcome_of(call, code);
}

static const char *ask(struct llm *llm, const struct submission *sub, const struct result *result, struct buf *hint)
{
    static const char *const closed[] = {
        [GATE_RATE] = "over_rate", [GATE_BUDGET] = "over_budget", [GATE_BREAKER] = "breaker_open"};
    _cleanup_(buf_release) struct buf question = BUF_INIT;
    struct call call = {.llm = llm};
    char mark[TOKEN_LEN + 1];

    enum gate_answer gate = gate_ask(&llm->gate, clock_monotonic_ns() / NS_PER_MS, clock_realtime_ms());
    if (gate != GATE_GO)
        return closed[gate];
    prompt_mark(sub, result, mark);
    prompt_write(llm->model, mark, sub, result, &question);
    const char *outcome = post(&call, &question);
    int r = *outcome ? -EIO : answer_read(buf_view(&call.body), hint);
    buf_release(&call.body);
    if (strcmp(outcome, "cancelled") != 0) /* "nothing to say" is an answer */
        gate_report(&llm->gate, r == 0 || r == -ENODATA, call.retry_after_ms, clock_monotonic_ns() / NS_PER_MS);
    if (*outcome)
        return outcome;
    return r == 0 ? "hint" : r == -ENODATA ? "empty" : "malformed";
}

int llm_ask(struct llm *llm, const struct submission *sub, const struct result *result, struct hint *ret)
{
    struct buf text = BUF_INIT;

    if (atomic_load(&llm->stopped))
        return -ECANCELED;
    const char *outcome = ask(llm, sub, result, &text);
    metrics_add(llm->metrics, METRIC_MODEL_CALLS, 1, outcome, NULL);
    if (strcmp(outcome, "hint") != 0) {
        log_info("hints.model", LOG_STR("outcome", outcome));
        buf_release(&text);
        return strcmp(outcome, "cancelled") == 0 ? -ECANCELED : -ENODATA;
    }
    *ret = (struct hint){.text = buf_steal(&text, NULL), .rule = xstrdup("model"), .source = HINT_FROM_MODEL};
    return 0;
}
