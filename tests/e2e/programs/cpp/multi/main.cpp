#include "lib/triple.hpp"
#include <iostream>
int main()
{
    int x;
    std::cin >> x;
    std::cout << Triple(x).value() << "\n";
}
