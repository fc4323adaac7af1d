#include <stdio.h>

void print_line(int length);

int main(void)
{
    int n;
    scanf("%d", &n);
    print_line(n);
    return 0;
}
