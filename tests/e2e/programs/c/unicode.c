#include <stdio.h>
int main(void)
{
    char line[100];
    fgets(line, sizeof line, stdin);
    printf("Grüße 日本 🎉 %s", line);
}
