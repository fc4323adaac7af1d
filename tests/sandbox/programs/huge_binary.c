int a[1 << 26] = {1}, b[1 << 26] = {1}, c[1 << 26] = {1};
int main(void) { return a[5] + b[5] + c[5]; }
