#include <stdio.h>

struct pupil {
    char name[16];
    int age;
};

int main(void)
{
    struct pupil p = {"Ann", 12};
    printf("%s is %d\n", p.name, p.aeg);
    return 0;
}
