#include <cmath>
#include <cstdio>
int main()
{
    double x;
    std::scanf("%lf", &x);
    std::printf("%.9f\n", std::sqrt(x));
}
