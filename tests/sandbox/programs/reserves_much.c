#include "hostile.h"
/* Address space is no memory: the JVM and Go reserve as much. */
int main(void)
{
    if (mmap(NULL, 64UL << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        return 3;
    return done();
}
