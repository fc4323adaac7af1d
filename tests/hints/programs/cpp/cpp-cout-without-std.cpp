#include <iostream>

int main()
{
    int n;
    std::cin >> n;
    cout << n * n * n << endl;
    return 0;
}
