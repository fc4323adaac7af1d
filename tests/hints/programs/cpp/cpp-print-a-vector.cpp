#include <iostream>
#include <vector>

int main()
{
    std::vector<int> numbers;
    int x;
    while (std::cin >> x)
        numbers.push_back(x);
    std::cout << numbers << std::endl;
}
