/* SPDX-License-Identifier: Apache-2.0 */
/* test_sign.c: published and own test vectors of Standard Webhooks; which secrets are refused; rotation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "webhook/sign.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static struct secrets secrets_of(const char *first, const char *second)
{
    struct secrets secrets = {0};
    assert_int_equal(secret_parse(first, &secrets.items[secrets.count++], NULL), 0);
    if (second)
        assert_int_equal(secret_parse(second, &secrets.items[secrets.count++], NULL), 0);
    return secrets;
}

static void vectors_are_met(void **state)
{
    static const struct {
        const char *id;
        int64_t timestamp;
        const char *body, *signature;
    } vectors[] = {
        {"msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
         "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", 1674087231,
         "{\"type\":\"contact.created\",\"timestamp\":\"2022-11-03T20:26:10.344522Z\",\"data\":{\"id\":"
         "\"1f81eb52-5198-4599-803e-771906343485\"}}",
         "v1,ARw42xaAApl/nxRo+iPGYwSaMQaOwMo2eyH5JBRA+bQ="},
        {"msg_evalx_1", 1700000000, "", "v1,6w+Z1disVhGmFOm/68hlKGJ1K+h+QfjIpsmTAFPSZW8="},
    };
    (void)state;
    struct secrets secrets = secrets_of(SECRET, NULL);
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        _cleanup_(buf_release) struct buf signature = BUF_INIT;
        struct str body = str_of(vectors[i].body);
        sign(&secrets, vectors[i].id, vectors[i].timestamp, body, &signature);
        assert_string_equal(buf_str(&signature), vectors[i].signature);
        assert_true(sign_verify(&secrets, vectors[i].id, vectors[i].timestamp, body, buf_view(&signature)));
        assert_false(sign_verify(&secrets, vectors[i].id, vectors[i].timestamp + 1, body, buf_view(&signature)));
        assert_false(sign_verify(&secrets, "msg_other", vectors[i].timestamp, body, buf_view(&signature)));
        assert_false(sign_verify(&secrets, vectors[i].id, vectors[i].timestamp, STR("{}"), buf_view(&signature)));
    }
}

static void two_secrets_sign_while_they_are_changed_over(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf fresh = BUF_INIT, both = BUF_INIT, old_one = BUF_INIT, new_one = BUF_INIT;
    secret_new(&fresh);
    struct secrets old_only = secrets_of(SECRET, NULL), new_only = secrets_of(buf_str(&fresh), NULL),
                   changing = secrets_of(buf_str(&fresh), SECRET);
    sign(&changing, "msg_1", 1, STR("body"), &both);
    sign(&old_only, "msg_1", 1, STR("body"), &old_one);
    sign(&new_only, "msg_1", 1, STR("body"), &new_one);
    buf_append_char(&new_one, ' ');
    buf_append(&new_one, old_one.data, old_one.len);
    assert_string_equal(buf_str(&both), buf_str(&new_one));
    assert_true(sign_verify(&old_only, "msg_1", 1, STR("body"), buf_view(&both)));
    assert_true(sign_verify(&new_only, "msg_1", 1, STR("body"), buf_view(&both)));
    assert_true(sign_verify(&changing, "msg_1", 1, STR("body"), buf_view(&old_one)));
    assert_false(sign_verify(&new_only, "msg_1", 1, STR("body"), buf_view(&old_one)));
    assert_false(sign_verify(&old_only, "msg_1", 1, STR("body"), STR("")));
    assert_false(sign_verify(&old_only, "msg_1", 1, STR("body"), STR("v1, v1,= v2,x")));
}

static void bad_secrets_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "whsec_",
                                      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_!!!",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                      "whsec_c2hvcnQ=",
                                      "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct secret secret;
        struct error err = ERROR_INIT;
        assert_true(secret_parse(bad[i], &secret, &err) < 0);
        assert_true(err.message[0] != '\0');
        assert_true(strlen(bad[i]) < 8 || !strstr(err.message, bad[i]));
    }
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    unsigned char key[SECRET_BYTES_MAX + 1] = {1};
    struct secret secret;
    buf_append_str(&text, "whsec_");
    base64_encode(key, SECRET_BYTES_MAX, &text);
    assert_int_equal(secret_parse(buf_str(&text), &secret, NULL), 0);
    assert_int_equal(secret.len, SECRET_BYTES_MAX);
    buf_set(&text, "whsec_", 6);
    base64_encode(key, SECRET_BYTES_MAX + 1, &text);
    assert_true(secret_parse(buf_str(&text), &secret, NULL) < 0);
}

static void a_list_of_secrets_is_read(void **state)
{
    (void)state;
    struct secrets secrets;
    assert_int_equal(secrets_parse(SECRET, &secrets, NULL), 0);
    assert_int_equal(secrets.count, 1);
    assert_int_equal(secrets_parse(SECRET "," SECRET, &secrets, NULL), 0);
    assert_int_equal(secrets.count, 2);
    static const char *const bad[] = {"", SECRET ",", "," SECRET, SECRET "," SECRET "," SECRET, SECRET " " SECRET};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(secrets_parse(bad[i], &secrets, NULL), -EINVAL);
        assert_int_equal(secrets.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_met),
        cmocka_unit_test(two_secrets_sign_while_they_are_changed_over),
        cmocka_unit_test(bad_secrets_are_refused),
        cmocka_unit_test(a_list_of_secrets_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
