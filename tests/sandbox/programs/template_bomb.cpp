template <int A, int B> struct T { static const long value = T<A - 1, B * 2>::value + T<A - 1, B * 2 + 1>::value; };
template <int B> struct T<0, B> { static const long value = B; };
int main() { return (int)T<26, 1>::value; }
