#include <stdio.h>
#include <string.h>

int main(void)
{
    char s[100];
    scanf("%99s", s);
    int n = strlen(s), same = 1;
    for (int i = 0; i < n / 2; i++)
        if (s[i] != s[n - 1 - i])
            same = 0;
    printf(same ? "YES\n" : "NO\n");
    return 0;
}
