#include <stdio.h>

int main(void)
{
    int n;
    scanf("%d", &n);
    fprintf(stderr, "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014\n");
    fprintf(stderr, "    #0 0x4011 in main main.c:9\n");
    printf("%d\n", n);
    return 0;
}
