#include "hostile.h"
/* Becomes itself 300 times, with a large argument list each time. */
int main(int argc, char **argv)
{
    int left = getenv("LEFT") ? atoi(getenv("LEFT")) : 300;
    if (left == 0)
        return done();
    static char text[32], block[1000];
    char *args[50];
    memset(block, 'x', sizeof block - 1);
    for (int i = 0; i < 49; i++)
        args[i] = block;
    args[49] = NULL;
    snprintf(text, sizeof text, "LEFT=%d", left - 1);
    char *env[] = {text, NULL};
    execve("/proc/self/exe", args, env);
    (void)argc, (void)argv;
    return 1;
}
