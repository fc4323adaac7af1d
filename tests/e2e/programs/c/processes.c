/* Starts children until that is refused. */
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 1000; i++) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        if (child < 0) {
            puts("refused");
            return 0;
        }
    }
    puts("never refused");
}
