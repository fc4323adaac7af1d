#include <cstdlib>
#include <iostream>
int main()
{
    std::cout << "leaving" << std::endl;
    std::exit(3);
}
