#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char word[64];
    scanf("%63s", word);
    char *copy = malloc(strlen(word) + 1);
    strcpy(copy, word);
    printf("%s\n", copy);
    free(copy);
    free(copy);
    return 0;
}
