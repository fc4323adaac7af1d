/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c: strict base64, UTF-8 repair, JSON guards, descriptors passed over sockets, tokens, error wrapping. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/random.h"

static void base64_round_trips_every_length(void **state)
{
    (void)state;
    unsigned char data[100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 37 + 200);
    for (size_t len = 0; len <= sizeof data; len++) {
        _cleanup_(buf_release) struct buf text = BUF_INIT, back = BUF_INIT;
        base64_encode(data, len, &text);
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_int_equal(base64_decode(buf_str(&text), text.len, &back), 0);
        assert_int_equal(back.len, len);
        assert_memory_equal(buf_str(&back), data, len);
    }
}

static void base64_refuses_what_is_not_canonical(void **state)
{
    (void)state;
    static const char *const bad[] = {"A",    "AA",   "AAA",      "AA=A",  "A===", "=",
                                      "AB==", "AAB=", "AA==AA==", "AAAA=", "!AAA", "AAAA===="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(buf_release) struct buf out = BUF_INIT;
        buf_append_str(&out, "kept");
        assert_int_equal(base64_decode(bad[i], strlen(bad[i]), &out), -EINVAL);
        assert_string_equal(buf_str(&out), "kept");
    }
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    assert_int_equal(base64_decode("aGVs\nbG8=\n", 10, &out), 0);
    assert_string_equal(buf_str(&out), "hello");
}

static void utf8_is_repaired_byte_by_byte(void **state)
{
    (void)state;
    assert_true(utf8_valid("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    static const char *const bad[] = {"\xc0\x80",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe0\x9f\xbf", "\xff",         "\xe2\x82"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    assert_true(utf8_repair("a\xff\xe2\x82z", 5, &out));
    assert_string_equal(buf_str(&out), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    assert_int_equal(utf8_cut("ab\xe2\x82\xac", 5, 3), 2);
    assert_int_equal(utf8_cut("ab\xe2\x82\xac", 5, 4), 2);
    assert_int_equal(utf8_cut("ab\xe2\x82\xac", 5, 5), 5);
}

static void json_guards_against_depth_size_and_repeated_keys(void **state)
{
    (void)state;
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse("{\"a\":1,\"a\":2}", 13, &json, &err), -EINVAL);
    assert_non_null(strstr(err.message, "duplicate"));

    char deep[2 * (JSON_DEPTH_MAX + 1)];
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(json_parse(deep, sizeof deep, &json, &err), -EINVAL);
    assert_non_null(strstr(err.message, "nested deeper than 32"));
    assert_int_equal(json_parse(deep + 1, sizeof deep - 2, &json, &err), 0);
    json_decref(json);

    _cleanup_(buf_release) struct buf many = BUF_INIT;
    buf_append_char(&many, '[');
    for (int i = 0; i < 700000; i++)
        buf_append_str(&many, "{},");
    buf_append_str(&many, "{}]");
    assert_int_equal(json_parse(many.data, many.len, &json, &err), -E2BIG);
    assert_non_null(strstr(err.message, "100000"));

    assert_int_equal(json_parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"", 42, &json, &err), 0);
    json_decref(json);
    assert_int_equal(json_parse("{\"a\":1} x", 9, &json, &err), -EINVAL);
}

static void json_numbers_are_written_with_the_fewest_digits(void **state)
{
    (void)state;
    static const char *const same[] = {
        "[812.4,0.1,-2.5e-300,1.0,3,\"1.50000000000000000\",0.30000000000000004,123456789.123]", "{\"\\\"\":0.1}"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        json_t *json = NULL;
        assert_int_equal(json_parse(same[i], strlen(same[i]), &json, NULL), 0);
        _cleanup_(buf_release) struct buf out = BUF_INIT;
        json_write(json, &out);
        assert_string_equal(buf_str(&out), same[i]);
        json_decref(json);
    }
}

static void json_mistakes_are_placed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"{\"limits\": {\"cpu_time_ms\": 1e400}}", "limits.cpu_time_ms"},
        {"{\"a\": [1, {\"b\": 9223372036854775808}]}", "a[1].b"},
        {"{\"x\": \"}]\", \"y\": tru}", "y"},
        {"[[1],[2,,3]]", "[1][2]"},
        {"{\"a\\u0062\\\"\": [tru]}", "ab\"[0]"},
        {"{\"\\ud83d\": tru}", "\\ud83d"}, /* no character: as written */
        {"nothing", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *json = NULL;
        size_t position = 0;
        assert_int_equal(json_parse_at(cases[i].text, strlen(cases[i].text), &json, &position, NULL),
                         i < 2 ? -ERANGE : -EINVAL);
        _cleanup_(buf_release) struct buf path = BUF_INIT;
        json_path_at(cases[i].text, strlen(cases[i].text), position, &path);
        assert_string_equal(buf_str(&path), cases[i].path);
    }
}

static void json_text_keeps_nul_and_marks_loss(void **state)
{
    (void)state;
    bool lossy = false;
    json_auto_t *whole = json_text("a\0b", 3, &lossy);
    assert_int_equal(json_string_length(whole), 3);
    assert_false(lossy);
    json_auto_t *cut = json_text("a\xff", 2, &lossy);
    assert_string_equal(json_string_value(cut), "a\xef\xbf\xbd");
    assert_true(lossy);
}

static void descriptors_travel_and_surplus_ones_are_closed(void **state)
{
    (void)state;
    int pair[2], received[2];
    size_t count = 9;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    int memfd = fd_sealed_memfd("test", "hello", 5);
    assert_true(memfd >= 0);
    assert_int_equal(write(memfd, "x", 1), -1);
    int both[2] = {memfd, memfd};
    char text[16];
    assert_int_equal(fd_send(pair[0], "two", 3, both, 2), 0);
    assert_int_equal(fd_receive(pair[1], text, sizeof text, received, 2, &count, 0), 3);
    assert_int_equal(count, 2);
    assert_true(fcntl(received[0], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(pread(received[0], text, 5, 0), 5);
    assert_memory_equal(text, "hello", 5);
    close(received[0]);
    close(received[1]);
    int next = dup(memfd); /* the lowest free descriptor: the same again after a refused message if nothing leaked */
    close(next);
    assert_int_equal(fd_send(pair[0], "two", 3, both, 2), 0);
    assert_int_equal(fd_receive(pair[1], text, sizeof text, received, 1, &count, 0), -EMSGSIZE);
    assert_int_equal(dup(memfd), next);
    close(next);
    close(memfd);
    close(pair[0]);
    assert_int_equal(fd_receive(pair[1], text, sizeof text, received, 1, &count, 0), 0);
    close(pair[1]);
}

static void tokens_are_valid_and_differ(void **state)
{
    (void)state;
    char a[TOKEN_LEN + 1], b[TOKEN_LEN + 1];
    token_new(a);
    token_new(b);
    assert_true(token_valid(a, strlen(a)));
    assert_string_not_equal(a, b);
    assert_false(token_valid("../../../../etc/passwd", 22));
    assert_false(token_valid(a, TOKEN_LEN - 1));
}

static void errors_are_wrapped_from_the_inside_out(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(error_errno(&err, -ENOENT, "opening %s", "x"), -ENOENT);
    assert_int_equal(error_wrap(&err, -EIO, "starting"), -EIO);
    assert_string_equal(err.message, "starting: opening x: No such file or directory");
    assert_int_equal(error_set(NULL, -EPERM, "nobody listens"), -EPERM);
}

static void dates_are_rfc3339(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    assert_string_equal(clock_rfc3339(1700000000007, text), "2023-11-14T22:13:20.007Z");
}

static void hashes_match_the_standard(void **state)
{
    (void)state;
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_LEN + 1];
    sha256_of("abc", 3, digest); /* FIPS 180-4, appendix B.1 */
    hex_encode(digest, sizeof digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(utf8_is_repaired_byte_by_byte),
        cmocka_unit_test(json_guards_against_depth_size_and_repeated_keys),
        cmocka_unit_test(json_numbers_are_written_with_the_fewest_digits),
        cmocka_unit_test(json_mistakes_are_placed),
        cmocka_unit_test(json_text_keeps_nul_and_marks_loss),
        cmocka_unit_test(descriptors_travel_and_surplus_ones_are_closed),
        cmocka_unit_test(tokens_are_valid_and_differ),
        cmocka_unit_test(errors_are_wrapped_from_the_inside_out),
        cmocka_unit_test(dates_are_rfc3339),
        cmocka_unit_test(hashes_match_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
