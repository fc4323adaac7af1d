#include "planted.h"
int main(void) { return planted(); }
