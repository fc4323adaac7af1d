#include <iostream>
int main()
{
    volatile int a = 1, zero = 0;
    std::cout << a % zero << "\n";
}
