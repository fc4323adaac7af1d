#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    int n;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        char *row = malloc(100000);
        memset(row, '.', 100000);
        row[0] = '#';
        if (row[99999] == '#')
            puts("short row");
    }
    puts("done");
    return 0;
}
