#include <stdio.h>
#if __has_include("evalx_planted.h") || __has_include("/tmp/evalx_planted.h") || __has_include("/dev/shm/evalx_planted.h") || __has_include("/box/evalx_planted.h") || \
    __has_include("/box/work/evalx_planted.h") || __has_include("/artifact/evalx_planted.h") || __has_include("/tmp/stdio.h") || __has_include("/tmp/go-cache/trim.txt")
#error ESCAPED a header of another submission
#endif
#ifdef EVALX_PLANTED
#error ESCAPED a header of another submission
#endif
int main(void) { puts("done"); return 0; }
