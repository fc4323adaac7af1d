#define E1 x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8;
#define E2 E1 E1 E1 E1 E1 E1 E1 E1
#define E3 E2 E2 E2 E2 E2 E2 E2 E2
#define E4 E3 E3 E3 E3 E3 E3 E3 E3
template <class T> struct V { typedef typename T::nothing type; typename V<V<T>>::type more; };
void f() { E4 }
void g() { V<int>::type v; E4 }
int main() { E4 E4 }
