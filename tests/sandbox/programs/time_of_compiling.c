#include <stdio.h>
/* What a compiler tells of where it ran. */
int main(void) { puts(__FILE__); puts(__BASE_FILE__); puts("done"); return 0; }
