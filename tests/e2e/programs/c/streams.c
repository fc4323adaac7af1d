#include <stdio.h>
int main(void)
{
    int n;
    FILE *in = fopen("/dev/stdin", "r"), *err = fopen("/dev/stderr", "w");
    if (!in || !err || fscanf(in, "%d", &n) != 1 || !freopen("/dev/stdout", "w", stdout))
        return 1;
    printf("%d\nmore\n", n * 2);
    fprintf(err, "seen\n");
    return 0;
}
