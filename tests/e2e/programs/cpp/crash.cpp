#include <stdexcept>
#include <iostream>
int main()
{
    std::cout << "before" << std::endl;
    throw std::runtime_error("nobody catches me");
}
