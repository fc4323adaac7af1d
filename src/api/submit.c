/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.c: POST /execute-batch and /execute. The checks go from the outside in (content type, JSON, fields, language, limits); only a
 * submission that could run reaches the store, and only a durable one is acknowledged.
 *
 * The handler's thread is free again once the store has the submission: store_submit calls committed() from the store's thread, many
 * submissions after one disk sync. That thread answers 202 itself; a client who wants to wait becomes a visit on a handler thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "api/guest.h"
#include "api/query.h"
#include "api/wait.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"

/* What tells one POST from the other. */
struct door {
    const char *name; /* part of the idempotency digest: the same body means something else at another door */
    int (*parse)(const json_t *body, struct submission **ret, struct field_errors *errors);
};

/* ---- the checks ---- */

static struct str trimmed(struct str s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = (struct str){s.data + 1, s.len - 1};
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool same_word(struct str s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.data, word, s.len) == 0;
}

/* "application/json", alone or with charset=utf-8; not compressed. */
static int check_content_type(const struct http_exchange *x, struct complaint *c)
{
    struct str type = http_header(x, "Content-Type"), parameter = {0};
    const char *semicolon = type.len > 0 ? memchr(type.data, ';', type.len) : NULL;
    if (semicolon) {
        size_t before = (size_t)(semicolon - type.data);
        parameter = trimmed((struct str){semicolon + 1, type.len - before - 1});
        type.len = before;
    }
    bool charset =
        parameter.len == 0 || same_word(parameter, "charset=utf-8") || same_word(parameter, "charset=\"utf-8\"");
    if (!same_word(trimmed(type), "application/json") || !charset)
        return complain(c, 415, "the body must be sent as Content-Type: application/json, in UTF-8");
    struct str coding = http_header(x, "Content-Encoding");
    if (coding.len > 0 && !same_word(coding, "identity"))
        return complain(c, 415, "the body must be sent as it is, without a Content-Encoding");
    return 0;
}

/* *ret is NULL without the header. The caller frees. */
static int read_idempotency_key(const struct http_exchange *x, char **ret, struct complaint *c)
{
    struct str key = http_header(x, "Idempotency-Key");
    bool printable = true;
    for (size_t i = 0; i < key.len; i++)
        printable &= key.data[i] >= ' ' && key.data[i] <= '~';
    if (key.len > STORE_KEY_MAX || !printable)
        return complain_field(c, "Idempotency-Key", "the header must be at most %d printable ASCII characters",
                              STORE_KEY_MAX);
    *ret = key.len > 0 ? str_dup(key) : NULL;
    return 0;
}

/* The common fields of the array form are its first item's. */
static void complain_common(struct complaint *c, const struct submission *sub, const char *field, const char *message)
{
    char path[64];
    snprintf(path, sizeof path, "%s%s", sub->array_form ? "[0]." : "", field);
    complain_field(c, path, "%s", message);
}

/* NULL when no such language can run here; then which field is to blame, and why (the caller frees). */
static const struct language *find_language(const struct api *api, const struct submission *program,
                                            const char **ret_field, char **ret_why)
{
    const struct registry *registry = api->config.registry;
    *ret_field = "language";
    if (!registry_find(registry, program->language, NULL, ret_why))
        return NULL;
    *ret_field = "version";
    return registry_find(registry, program->language, program->version, ret_why);
}

/* The program itself is there, and no file stands in its place. */
static void check_main_file(const struct language *language, const struct submission *sub,
                            const struct submission *program, const char *prefix, struct complaint *c)
{
    char field[48];
    size_t index;
    _cleanup_(freep) char *message = NULL;
    int r = language_main_file(language, program, &index);
    if (r == -EEXIST) {
        snprintf(field, sizeof field, "%sfiles[%zu].name", prefix, index);
        complain_common(c, sub, field, "is the name of the file that code is written to");
    } else if (r == -ENOENT) {
        snprintf(field, sizeof field, "%sfiles", prefix);
        _cleanup_(freep) char *wanted = language_main_file_wanted(language);
        message = xasprintf("none of them is the program (and code is empty): %s, is looked for", wanted);
        complain_common(c, sub, field, message);
    }
}

/* Language, files and compiler options of the submission's own program, or of its checker (then prefix is "checker."). */
static const struct language *settle_program(const struct api *api, const struct submission *sub,
                                             const struct submission *program, const char *prefix, struct complaint *c)
{
    const char *part;
    char field[48];
    size_t index;
    _cleanup_(freep) char *why = NULL;
    const struct language *language = find_language(api, program, &part, &why);
    if (!language) {
        snprintf(field, sizeof field, "%s%s", prefix, part);
        complain_common(c, sub, field, why);
        return NULL;
    }
    check_main_file(language, sub, program, prefix, c);
    if (language_check_options(language, &program->compiler_options, &index) < 0) {
        snprintf(field, sizeof field, "%scompiler_options[%zu]", prefix, index);
        complain_common(c, sub, field, "this compiler option is not allowed here");
    }
    return language;
}

/* What only this server can judge: languages, compiler options, caps. */
static int settle(const struct api *api, const struct guest *guest, struct submission *sub, struct complaint *c)
{
    struct limits defaults = api->config.defaults;
    const struct language *language = settle_program(api, sub, sub, "", c);
    if (sub->checker.program)
        settle_program(api, sub, sub->checker.program, "checker.", c);
    if (language) {
        defaults = language->limits;
        limits_fill(&defaults, &api->config.defaults);
    }
    const char *owner = guest->known ? guest->grant.name : "";
    const char *mistake = sub->webhook_url && api->config.webhook_mistake
                              ? api->config.webhook_mistake(api->config.webhook_context, owner, sub->webhook_url)
                              : NULL;
    if (mistake)
        complain_common(c, sub, "webhook_url", mistake);
    if (submission_resolve_limits(sub, &defaults, &api->config.caps, &c->fields) < 0)
        c->status = 422;
    return c->status ? -1 : 0;
}

/* Text that is not JSON, or JSON with a number out of all range: in either case the field where reading stopped is named. */
static int complain_json(struct complaint *c, struct str text, size_t position, int code, const struct error *err)
{
    _cleanup_(buf_release) struct buf path = BUF_INIT;
    if (trimmed(text).len == 0)
        return complain(c, 400, "the body is empty");
    if (code == -E2BIG)
        return complain(c, 413, "the body holds %s", err->message);
    json_path_at(text.data, text.len, position, &path);
    if (path.len > 0)
        field_errors_add(&c->fields, buf_str(&path), "%s", err->message);
    return complain(c, code == -ERANGE ? 422 : 400, "%s", err->message);
}

/* The JSON tree, many times its text's size, is gone when this returns. */
static int parse_body(const struct http_exchange *x, const struct door *door, struct submission **ret,
                      struct complaint *c)
{
    struct error err = ERROR_INIT;
    json_auto_t *body = NULL;
    struct str text = http_body(x);
    size_t position = 0;
    int r = json_parse_at(text.data, text.len, &body, &position, &err);
    if (r < 0)
        return complain_json(c, text, position, r, &err);
    if (door->parse(body, ret, &c->fields) < 0) {
        c->status = 422;
        return -1;
    }
    return 0;
}

/* What a POST came to: all that hand_in needs. */
struct order {
    const struct door *door;
    struct guest guest;
    struct submission *submission;
    char *key; /* Idempotency-Key; NULL: none */
    int64_t wait_ms;
};

static void order_release(struct order *o)
{
    if (o->submission)
        submission_free(o->submission);
    free(o->key);
}

static int read_order(const struct api *api, const struct http_exchange *x, struct order *o, struct complaint *c)
{
    if (atomic_load(&api->draining))
        return complain(c, 503, "the server is stopping; try again later");
    if (guest_of(api, x, &o->guest, c) < 0 || guest_spends(api, &o->guest, c) < 0)
        return -1;
    if (check_content_type(x, c) < 0 || query_wait(api, x, &o->wait_ms, c) < 0 ||
        read_idempotency_key(x, &o->key, c) < 0 || parse_body(x, o->door, &o->submission, c) < 0)
        return -1;
    if (guest_may_ask(&o->guest, o->submission, c) < 0)
        return -1;
    return settle(api, &o->guest, o->submission, c);
}

/* ---- into the store ---- */

/* One owner's key must neither find nor spoil what another sent with the same key. */
static char *own_key(const struct order *o)
{
    unsigned char digest[SHA256_SIZE];
    char *hex = xcalloc(1, SHA256_HEX_LEN + 1);
    struct sha256 *h = sha256_new();
    sha256_update_field(h, o->guest.grant.name, strlen(o->guest.grant.name));
    sha256_update_field(h, o->key, strlen(o->key));
    sha256_finish(h, digest);
    hex_encode(digest, sizeof digest, hex);
    return hex;
}
_Static_assert(WEBHOOK_STARTED == (int)STORE_DELIVERY_STARTED && WEBHOOK_TEST == (int)STORE_DELIVERY_TEST &&
                   WEBHOOK_COMPLETED == (int)STORE_DELIVERY_COMPLETED,
               "a request's events are the store's deliveries");

static void begin_waiting(void *context, struct http_exchange *x)
{
    (void)x;
    struct wait *wait = context;
    visit_follow(&wait->visit, wait->ms);
}

static void refuse(struct visit *v, const struct store_receipt *receipt)
{
    struct api *api = v->api;
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (receipt->code == -EEXIST)
        complain_field(&c, "Idempotency-Key", "this key came with another request before");
    else
        complain_store(&c, receipt->code);
    complaint_answer(api, visit_close(v), &c);
}

static void acknowledge(struct visit *v, const struct store_receipt *receipt)
{
    struct wait *wait = (struct wait *)v;
    char location[sizeof "/submissions/" + TOKEN_LEN];
    snprintf(location, sizeof location, "/submissions/%s", receipt->token);
    http_add_header(v->exchange, "Location", location);
    memcpy(v->token, receipt->token, sizeof v->token);
    wait->status = receipt->status;
    wait->created_ms = receipt->created_ms;
    if (wait->ms > 0)
        http_defer(v->exchange, begin_waiting, wait);
    else
        api_answer_json(visit_close(v), 202, view_receipt(receipt->token, receipt->status, receipt->created_ms));
}

/* On a thread of the store's. */
static void committed(void *context, const struct store_receipt *receipt)
{
    struct visit *v = context;
    struct api *api = v->api;
    if (receipt->code < 0)
        refuse(v, receipt);
    else
        acknowledge(v, receipt);
    visit_commit_ended(api);
}

static void digest_request(const struct door *door, struct str body, unsigned char out[SHA256_SIZE])
{
    struct sha256 *h = sha256_new();
    sha256_update_field(h, door->name, strlen(door->name));
    sha256_update_field(h, body.data, body.len);
    sha256_finish(h, out);
}

/*
 * At most once a second, for the Retry-After of those who find the queue full. A store that does not answer this is not asked a second
 * thing: its client is to know within a second.
 */
static int measure_drain(struct api *api, struct complaint *c)
{
    struct store_depth depth;
    int64_t now_ms = clock_monotonic_ns() / NS_PER_MS;
    if (!drain_due(&api->drain, now_ms))
        return 0;
    int r = store_depth(api->config.store, &depth);
    if (r < 0)
        return complain_store(c, r);
    drain_note(&api->drain, now_ms, &depth);
    return 0;
}

static void hand_in(struct api *api, struct http_exchange *x, const struct order *o)
{
    struct submission *sub = o->submission;
    unsigned char digest[SHA256_SIZE] = {0};
    if (o->key)
        digest_request(o->door, http_body(x), digest);
    http_drop_body(x); /* a client that waits must not hold up to 16 MiB meanwhile */
    token_new(sub->token);
    sub->created_ms = clock_realtime_ms();
    _cleanup_(buf_release) struct buf request = BUF_INIT;
    submission_store(sub, &request);
    struct store_submission submission = {
        .priority = sub->priority,
        .created_ms = sub->created_ms,
        .request = buf_view(&request),
        .idempotency_key = o->key,
        .webhook_url = sub->webhook_url,
        .webhook_events = sub->webhook_events,
    };
    _cleanup_(freep) char *key = o->guest.known && o->key ? own_key(o) : NULL;
    if (o->guest.known) {
        submission.owner = o->guest.grant.name;
        submission.share = o->guest.grant.share;
        submission.max_waiting = o->guest.grant.max_waiting;
        submission.idempotency_key = key;
    }
    memcpy(submission.token, sub->token, sizeof submission.token);
    memcpy(submission.body_digest, digest, sizeof submission.body_digest);
    struct wait *wait = (struct wait *)visit_open(&wait_kind, api, x);
    wait->ms = o->wait_ms;
    wait->posted = true;
    visit_commit_begins(api);
    store_submit(api->config.store, &submission, committed, wait);
}

static void post(struct api *api, struct http_exchange *x, const struct door *door, int64_t wait_ms)
{
    _cleanup_(order_release) struct order order = {.door = door, .wait_ms = wait_ms};
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (read_order(api, x, &order, &c) == 0 && order.submission && measure_drain(api, &c) == 0)
        hand_in(api, x, &order);
    else
        complaint_answer(api, x, &c);
}

void api_post_batch(void *context, struct http_exchange *x)
{
    static const struct door door = {.name = "/execute-batch", .parse = submission_parse_batch};
    post(context, x, &door, 0);
}

void api_post_single(void *context, struct http_exchange *x)
{
    static const struct door door = {.name = "/execute", .parse = submission_parse_single};
    struct api *api = context;
    post(api, x, &door, api->config.execute_wait_ms);
}
