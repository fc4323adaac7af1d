#include <stdio.h>

int area(int width, int height)
{
    return width * height;
}

int main(void)
{
    int w, h;
    scanf("%d %d", &w, &h);
    printf("%d\n", area(w));
    return 0;
}
