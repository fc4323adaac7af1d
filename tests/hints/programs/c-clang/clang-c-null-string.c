#include <stdio.h>
#include <string.h>

const char *name_of(int day)
{
    if (day == 6)
        return "Saturday";
    if (day == 7)
        return "Sunday";
    return NULL;
}

int main(void)
{
    int day;
    scanf("%d", &day);
    const char *name = name_of(day);
    printf("%d letters: %s\n", (int)strlen(name), name);
    return 0;
}
