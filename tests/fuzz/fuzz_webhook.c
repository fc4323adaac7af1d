/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_webhook.c: any bytes as a URL, a Retry-After, a range of addresses, a secret, a signature header and a delivery's id; what is taken
 * keeps its promises.
 */
#include <stdint.h>
#include <string.h>

#include "store/delivery.h"
#include "webhook/policy.h"
#include "webhook/retry.h"
#include "webhook/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text)
{
    static const char *const hosts[] = {"*.example.com"};
    struct webhook_policy any = {0}, listed = {.hosts = hosts, .host_count = 1};
    struct buf key = BUF_INIT;
    bool good = !webhook_policy_mistake(&any, text);
    if (!webhook_policy_mistake(&listed, text) && !good)
        abort();
    int r = webhook_host_key(text, &key);
    if (good && r < 0)
        abort();
    if (good && (*buf_str(&key) == '\0' || strpbrk(buf_str(&key), "/@?#")))
        abort();
    buf_release(&key);
}

static void check_range(const char *text)
{
    struct guard guard = {0};
    if ((guard_allow(&guard, text, NULL) == 0) != (guard.count == 1))
        abort();
    guard_release(&guard);
}

static void check_secret(const char *text)
{
    struct secret secret;
    if (secret_parse(text, &secret, NULL) == 0 && (secret.len < SECRET_BYTES_MIN || secret.len > SECRET_BYTES_MAX))
        abort();
    struct secrets secrets = {.items = {{.key = "0123456789abcdef01234567", .len = 24}}, .count = 1};
    if (sign_verify(&secrets, "msg_1", 1, STR("body"), str_of(text)) && strlen(text) < 47)
        abort();
}

static void check_id(const char *text)
{
    struct delivery_key key;
    char again[STORE_DELIVERY_ID_SIZE];
    if (delivery_id_read(text, &key) < 0)
        return;
    delivery_id_write(&key, again);
    if (strcmp(again, text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = str_dup((struct str){.data = (const char *)data, .len = size});
    int64_t wait_ms = retry_after_parse((struct str){.data = (const char *)data, .len = size}, 1000000000000);
    if (wait_ms < -1 || wait_ms > 86400000)
        abort();
    check_url(text);
    check_range(text);
    check_secret(text);
    check_id(text);
    free(text);
    return 0;
}
