/* SPDX-License-Identifier: Apache-2.0 */
/* test_answer.c: whatever a model answers becomes one short line of plain text, or nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "llm/internal.h"

static void becomes(const char *said, const char *hint)
{
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    answer_clean((struct str){said, strlen(said)}, &out);
    assert_string_equal(buf_str(&out), hint);
}

static void words(void **state)
{
    (void)state;
    becomes("Look at line 3.", "Look at line 3.");
    becomes("  Look\n\nat\tline 3.\r\n", "Look at line 3.");
    becomes("", "");
    becomes(" \n\n ", "");
    becomes("<think>It must be\nthe loop</think>\n\nLook at the loop.", "Look at the loop.");
}

static void code_blocks(void **state)
{
    (void)state;
    becomes("Check the bound:\n```c\nfor (i = 0; i < n; i++)\n```\nof the loop.",
            "Check the bound: for (i = 0; i < n; i++) of the loop.");
    becomes("Write this:\n```c\nint main(void) {\n    return 0;\n}\n```\nand so on.", "Write this: and so on.");
    becomes("Write this:\n~~~\na\nb\nc\nd\n~~~", "Write this:");
    becomes("A block without an end:\n```\na", "A block without an end:");
    becomes("```\na\nb\nc\n```", "");
    becomes("```\n```\nEmpty.", "Empty.");
}

static void control_characters(void **state)
{
    (void)state;
    becomes("a\x1b[31mred\x1b[0m\a", "a [31mred [0m");
    char turned[] =
        "left...right"; /* a character that turns the direction of writing round; not as a literal: lint looks for them */
    memcpy(turned + 4, (const unsigned char[]){0xe2, 0x80, 0xae}, 3);
    becomes(turned, "left right");
    becomes("no\xe2\x80\x8bwidth\xef\xbb\xbf", "no width");
    becomes("c1\xc2\x9b"
            "31m",
            "c1 31m");
    becomes("bad\xff"
            "byte",
            "bad\xef\xbf\xbd"
            "byte");
    becomes("gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich");
}

static void long_ones(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf text = BUF_INIT, out = BUF_INIT, more = BUF_INIT;

    for (int i = 0; i < 200; i++)
        buf_append_str(&text, "\xc3\xbc");
    buf_append_str(&text, "x\xc3\xbc\xc3\xbc");
    answer_clean(buf_view(&text), &out);
    assert_true(out.len <= HINT_MODEL_MAX);
    assert_true(utf8_valid(out.data, out.len));
    assert_string_equal(out.data + out.len - 3, "…");

    buf_append_str(&more, "One sentence. Another one! ");
    for (int i = 0; i < 100; i++)
        buf_append_str(&more, "and on ");
    buf_clear(&out);
    answer_clean(buf_view(&more), &out);
    assert_string_equal(buf_str(&out), "One sentence. Another one!");
}

static int reads(const char *body, const char *hint)
{
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    int r = answer_read((struct str){body, strlen(body)}, &out);
    if (r == 0)
        assert_string_equal(buf_str(&out), hint);
    return r;
}

static void responses(void **state)
{
    (void)state;
    assert_int_equal(
        reads("{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Look.\"}}],\"usage\":{}}", "Look."), 0);
    assert_int_equal(reads("{\"choices\":[{\"message\":{\"content\":\"\"}}]}", NULL), -ENODATA);
    static const char *const bad[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"choices\":[]}",
        "{\"choices\":{}}",
        "{\"choices\":[{\"message\":{\"content\":null}}]}",
        "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}]}",
        "{\"choices\":[7]}",
        "<html>502</html>",
        "{\"error\":{\"message\":\"no\"}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}]} trailing"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(reads(bad[i], NULL), -EBADMSG);
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    assert_int_equal(answer_read((struct str){0}, &out), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),     cmocka_unit_test(code_blocks), cmocka_unit_test(control_characters),
        cmocka_unit_test(long_ones), cmocka_unit_test(responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
