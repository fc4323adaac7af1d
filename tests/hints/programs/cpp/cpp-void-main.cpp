#include <iostream>

void main()
{
    std::cout << "bye" << std::endl;
}
