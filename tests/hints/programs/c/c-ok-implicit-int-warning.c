#include <stdio.h>

int main(void)
{
    char word[50];
    scanf("%49s", word);
    int i = strlen(word);
    while (i > 0)
        putchar(word[--i]);
    putchar('\n');
    return 0;
}
