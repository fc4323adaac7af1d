#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static atomic_int total;
static void *work(void *arg)
{
    for (int i = 0; i < 1000; i++)
        total += *(int *)arg;
    return 0;
}
int main(void)
{
    pthread_t threads[8];
    int numbers[8];
    for (int i = 0; i < 8; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], 0, work, &numbers[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], 0);
    printf("%d\n", total);
}
