#include "hostile.h"
int main(void)
{
    close(0);
    nap(0.1);
    return done();
}
