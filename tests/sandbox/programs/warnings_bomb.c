#define W __attribute__((deprecated("long long long long long long long long long long long long long long long long long long long long text"))) void
W f(void);
#define C1 f(); f(); f(); f(); f(); f(); f(); f(); f(); f();
#define C2 C1 C1 C1 C1 C1 C1 C1 C1 C1 C1
#define C3 C2 C2 C2 C2 C2 C2 C2 C2 C2 C2
int main(void) { C3 C3 C3 return 0; }
void f(void) { }
