#include <stdio.h>

struct point {
    int x, y;
};

void show(struct point *where)
{
    printf("%d %d\n", where.x, where->y);
}

int main(void)
{
    struct point p = {3, 4};
    show(&p);
    return 0;
}
