static int deeper(volatile char *above)
{
    volatile char here[1024];
    here[0] = above ? above[0] : 0;
    return deeper(here) + here[1];
}
int main(void) { return deeper(0); }
