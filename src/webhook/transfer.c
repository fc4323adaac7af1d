/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.c: one POST with libcurl, with everything switched off that a webhook does not need: redirects, proxies of the
 * environment, cookies, netrc, authentication, other schemes, HTTP/2, and the sharing of connections between deliveries.
 *
 * The guard sits in the open-socket hook: it sees the very address that is about to be dialled, after all resolving. A name that
 * changes its mind, and an address in octal, get no further than any other.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "webhook/internal.h"

enum { ANSWER_BODY_MAX = 16 << 10, ANSWER_HEADERS_MAX = 64 << 10 };

static const char *const event_names[STORE_DELIVERY_KIND_COUNT] = {
    [STORE_DELIVERY_STARTED] = "submission.started",
    [STORE_DELIVERY_TEST] = "submission.test",
    [STORE_DELIVERY_COMPLETED] = "submission.completed",
};

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct job *job = context;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    const char *refusal = guard_refusal(&job->hook->config.policy->guard, &address->addr, (socklen_t)address->addrlen);
    if (refusal) {
        job->refusal = refusal;
        return CURL_SOCKET_BAD;
    }
    job->dialled = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

/* Nothing that comes back is kept or shown: it is only read so far that a short answer ends cleanly. */
static size_t drop_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    struct job *job = context;
    job->body_bytes += size * count;
    return job->body_bytes > ANSWER_BODY_MAX ? 0 : size * count;
}

static size_t read_header(char *data, size_t size, size_t count, void *context)
{
    static const char name[] = "retry-after:";
    struct job *job = context;
    size_t len = size * count;
    job->header_bytes += len;
    if (job->header_bytes > ANSWER_HEADERS_MAX)
        return 0;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
        job->answered = false; /* another one: the last was "100 Continue" or so */
    else if (len == 2 && memcmp(data, "\r\n", 2) == 0)
        job->answered = true;
    if (len >= sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0)
        job->retry_after_ms =
            retry_after_parse((struct str){data + sizeof(name) - 1, len - sizeof(name) + 1}, clock_realtime_ms());
    return len;
}

static int add_header(struct job *job, const char *text)
{
    struct curl_slist *longer = curl_slist_append(job->headers, text);
    if (!longer)
        return -ENOMEM;
    job->headers = longer;
    return 0;
}

static int add_headers(struct job *job)
{
    const struct webhook_config *config = &job->hook->config;
    const struct store_delivery *delivery = &job->delivery;
    struct secrets secrets = config->secrets;
    if (config->secrets_of && delivery->owner[0])
        config->secrets_of(config->secrets_context, delivery->owner, &secrets);
    if (secrets.count == 0)
        return -ENOKEY;
    int64_t now_s = clock_realtime_ms() / 1000;
    _cleanup_(buf_release) struct buf signature = BUF_INIT;
    buf_append_str(&signature, "webhook-signature: ");
    sign(&secrets, delivery->id, now_s, buf_view(&delivery->body), &signature);
    explicit_bzero(&secrets, sizeof(secrets));
    _cleanup_(freep) char *id = xasprintf("webhook-id: %s", delivery->id),
                          *timestamp = xasprintf("webhook-timestamp: %" PRId64, now_s),
                          *event = xasprintf("evalx-event: %s", event_names[delivery->kind]);
    const char *const lines[] = {
        "content-type: application/json", "Expect:", "Accept:", id, timestamp, buf_str(&signature), event};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(lines); i++)
        r = add_header(job, lines[i]);
    return r;
}

#define SET(option, value) (code = code == CURLE_OK ? curl_easy_setopt(job->easy, option, value) : code)

static CURLcode set_limits(struct job *job)
{
    const struct webhook_config *config = &job->hook->config;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, 1L); /* receivers move; the resolver has a cache of its own */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a thread that still waits for a silent name server is left alone, not waited for */
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (job->hook->ca_file)
        SET(CURLOPT_CAINFO, job->hook->ca_file);
    return code;
}

static CURLcode set_request(struct job *job)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, job->delivery.url);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, buf_str(&job->delivery.body));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->delivery.body.len);
    SET(CURLOPT_HTTPHEADER, job->headers);
    SET(CURLOPT_USERAGENT, "evalx/" EVALX_VERSION);
    SET(CURLOPT_PRIVATE, job);
    SET(CURLOPT_ERRORBUFFER, job->message);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, job);
    SET(CURLOPT_WRITEFUNCTION, drop_body);
    SET(CURLOPT_WRITEDATA, job);
    SET(CURLOPT_HEADERFUNCTION, read_header);
    SET(CURLOPT_HEADERDATA, job);
    return code;
}

static void clean_up(struct job *job)
{
    curl_easy_cleanup(job->easy);
    curl_slist_free_all(job->headers);
    job->easy = NULL;
    job->headers = NULL;
}

int transfer_begin(struct job *job)
{
    job->retry_after_ms = -1;
    job->easy = curl_easy_init();
    int r = job->easy ? add_headers(job) : -ENOMEM;
    if (r == 0 && (set_limits(job) != CURLE_OK || set_request(job) != CURLE_OK))
        r = -ENOMEM;
    if (r < 0)
        clean_up(job);
    return r;
}

/* What a client may read: no address that its host resolved to, nothing of what it answered. */
static const char *describe(const struct job *job, CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "the host's name cannot be resolved";
    case CURLE_COULDNT_CONNECT:
        return "the connection was refused";
    case CURLE_OPERATION_TIMEDOUT:
        return "no answer in time";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the host's certificate is not valid";
    case CURLE_SSL_CONNECT_ERROR:
        return "TLS could not be agreed on";
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return "the connection broke off";
    default:
        return job->message[0] ? "the answer was not HTTP as it should be" : curl_easy_strerror(code);
    }
}

void transfer_end(struct job *job, CURLcode code, struct answer *ret)
{
    long status = 0;
    curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    bool answered = job->answered && status >= 200; /* whatever became of its body */
    if (code != CURLE_OK && !answered)
        status = 0;
    *ret = (struct answer){.http_status = (int)status, .retry_after_ms = job->retry_after_ms};
    if (job->refusal && !job->dialled) {
        ret->refused = true;
        ret->error = "the host's address is not one that webhooks may go to";
    } else if (code != CURLE_OK && !answered) {
        ret->error = describe(job, code);
    }
    clean_up(job);
}
