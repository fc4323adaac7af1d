#include <pthread.h>
#include "hostile.h"
static void *wait_long(void *p) { nap(20); return p; }
int main()
{
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
        pthread_t t;
        refused += pthread_create(&t, nullptr, wait_long, nullptr) != 0;
    }
    HOLDS("the process limit, by threads", refused > 0);
    return done();
}
