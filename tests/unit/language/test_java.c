/* SPDX-License-Identifier: Apache-2.0 */
/* test_java.c: the file's and the start class's names of Java sources, among them those that hide words in odd places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "language/internal.h"

static const struct {
    const char *code, *file, *start;
} sources[] = {
    {"public class Solution { public static void main(String[] a) {} }", "Solution", "Solution"},
    {"class A {}\npublic final class B { public static void main(String... a) {} }", "B", "B"},
    /* No public class: the one that holds main. */
    {"class Helper { void run() {} } class Start { static void main(String[] a) {} }", "Start", "Start"},
    /* The public class need not hold main. */
    {"public class Shape {} class Start { public static void main(String[] a) {} }", "Shape", "Start"},
    /* A main of an inner class, or of a method body, is not the program's. */
    {"class Out { static class In { static void main(String[] a) {} } } class M { static void main(String[] a) {} }",
     "M", "M"},
    {"class A { void f() { main(null); } static void main(String[] a) {} }", "A", "A"},
    {"class A { int main(int x) { return 0; } }", "Main", "A"},
    /* Nothing to go by. */
    {"", "Main", "Main"},
    {"int main() { return 0; }", "Main", "Main"},
    {"class OnlyOne { }", "Main", "OnlyOne"},
    {"public", "Main", "Main"},
    {"public class", "Main", "Main"},
    /* Comments, strings, characters and text blocks hide everything in them. */
    {"// public class Wrong {}\npublic class Right {}", "Right", "Right"},
    {"/* public class Wrong { */ public /* x */ class /* y */ Right {}", "Right", "Right"},
    {"class A { String s = \"} public class Wrong {\"; } public class Right {}", "Right", "Right"},
    {"class A { String s = \"\\\"} public class Wrong {\"; } public class Right {}", "Right", "Right"},
    {"class A { char c = '\"', d = '{', e = '\\''; } public class Right { static void main(String[] a) {} }", "Right",
     "Right"},
    {"class A { String s = \"\"\"\n } public class Wrong { \" \"\" \\\"\"\" \n\"\"\"; } public class Right {}", "Right",
     "Right"},
    {"class A { String s = \"\"; } public class Right {}", "Right", "Right"},
    {"class A { String s = \"unterminated\n } public class Right {}", "Right", "Right"},
    {"/* never closed public class Wrong {}", "Main", "Main"},
    /* Annotations, generics, modifiers and every kind of type. */
    {"@SuppressWarnings({\"a\", \"class Wrong\"}) public class Right<T extends Comparable<T>> extends Base<T> {}",
     "Right", "Right"},
    {"@Run(Wrong.class) public class Right {}", "Right", "Right"},
    {"public strictfp abstract class Right {}", "Right", "Right"},
    {"public record Point(int x, int y) { public static void main(String[] a) {} }", "Point", "Point"},
    {"public enum Color { RED; public static void main(String[] a) {} }", "Color", "Color"},
    {"public interface Run { static void main(String[] a) {} }", "Run", "Run"},
    {"public @interface Mark {} class M { static void main(String[] a) {} }", "Mark", "M"},
    {"public sealed interface S permits A {} non-sealed class A implements S {}", "S", "S"},
    {"import java.util.*; import static java.lang.Math.*; public class R { int record; }", "R", "R"},
    {"public class $Odd_1 {}", "$Odd_1", "$Odd_1"},
    {"public class Gr\xc3\xb6\xc3\x9f"
     "e {}",
     "Gr\xc3\xb6\xc3\x9f"
     "e",
     "Gr\xc3\xb6\xc3\x9f"
     "e"},
    {"public class Bad\xff {}", "Main", "Main"},
    /* Packages. */
    {"package x.y;\npublic class Main { public static void main(String[] a) {} }", "Main", "x.y.Main"},
    {"/* package wrong; */ package /* a */ x . // b\n y ; class M { static void main(String[] a) {} }", "M", "x.y.M"},
    {"class M { static void main(String[] a) {} } package late;", "M", "M"},
    /* What goes to java as an argument can be no option. */
    {"package -XX; class M { static void main(String[] a) {} }", "M", "XX.M"},
};

static void names_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        char *file = java_file_class(str_of(sources[i].code));
        char *start = java_start_class(str_of(sources[i].code));
        if (strcmp(file, sources[i].file) != 0 || strcmp(start, sources[i].start) != 0)
            fail_msg("%s: file %s, not %s; start %s, not %s", sources[i].code, file, sources[i].file, start,
                     sources[i].start);
        free(file);
        free(start);
    }
}

static void names_that_do_not_fit_are_not_used(void **state)
{
    (void)state;
    struct buf code = BUF_INIT;
    buf_append_str(&code, "public class ");
    for (size_t i = 0; i < 5000; i++)
        buf_append_char(&code, 'a');
    buf_append_str(&code, " {}");
    char *file = java_file_class(buf_view(&code));
    assert_string_equal(file, "Main");
    free(file);

    buf_set(&code, "package ", 8);
    for (size_t i = 0; i < 5000; i++)
        buf_append_str(&code, "a.");
    buf_append_str(&code, "a; class M { static void main(String[] a) {} }");
    char *start = java_start_class(buf_view(&code));
    assert_string_equal(start, "M");
    free(start);
    buf_release(&code);
}

/* Every prefix of every source, in memory of exactly its length: nothing is read past the end (sanitizers watch). */
static void sources_may_end_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        for (size_t len = 0; len <= strlen(sources[i].code); len++) {
            char *exact = xmalloc(MAX(len, 1u));
            memcpy(exact, sources[i].code, len);
            char *start = java_start_class((struct str){.data = exact, .len = len});
            assert_true(strlen(start) > 0);
            free(start);
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(names_that_do_not_fit_are_not_used),
        cmocka_unit_test(sources_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
