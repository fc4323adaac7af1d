#include <iostream>
#include <vector>

int main(int argc, char **)
{
    std::vector<char> v(std::size_t(1) << 50, char(argc));
    std::cout << static_cast<void *>(v.data()) << "\n"; // an address that is printed cannot be optimised away
}
