#include "hostile.h"
int main(void) { puts("done"); fflush(stdout); kill(getpid(), SIGKILL); nap(5); return 0; }
