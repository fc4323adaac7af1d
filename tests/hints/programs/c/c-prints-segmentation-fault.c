#include <stdio.h>

int main(void)
{
    int number;
    const char *names[] = {"Aborted", "Floating point exception", "Segmentation fault"};
    scanf("%d", &number);
    if (number == 6)
        puts(names[0]);
    else if (number == 8)
        puts(names[1]);
    else if (number == 11) {
        puts(names[2]);
        fprintf(stderr, "Segmentation fault (core dumped)\n");
    }
    return 0;
}
