#include "hostile.h"
int main(void)
{
    int made = 0;
    while (made < 100000 && dup(0) >= 0)
        made++;
    HOLDS("descriptors without end", made < 5000);
    return done();
}
