#include <iostream>
int main()
{
    for (;;)
        std::cout << "all work and no play makes jack a dull boy\n";
}
