#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int n;
    scanf("%d", &n);
    printf("press a key\n");
    fflush(stdout);
    sleep(60 * n);
    printf("done\n");
    return 0;
}
