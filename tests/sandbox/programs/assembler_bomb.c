__asm__(".rept 100000000\n.rept 1000\nnop\n.endr\n.endr\n");
int main(void) { return 0; }
