#include <cassert>
#include <iostream>

int share(int total, int n)
{
    assert(n > 0);
    return total / n;
}

int main()
{
    int n;
    std::cin >> n;
    std::cout << share(100, n) << std::endl;
}
