#include "hostile.h"
int main(void) { raise(SIGXCPU); return 0; }
