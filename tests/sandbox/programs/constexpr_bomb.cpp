constexpr unsigned long spin(unsigned long n) { unsigned long s = 0; for (unsigned long i = 0; i < n; i++) for (unsigned long j = 0; j < 250000; j++) s += i ^ j; return s; }
static_assert(spin(250000) != 1);
int main() { }
