/* A program whose interpreter is not there: the kernel says so, the engine has to. */
asm(".section .interp,\"a\"\n.asciz \"/proc/1/exe\"\n.previous");
int main(void) { return 0; }
