#include <iostream>
using namespace std;

int main()
{
    int n;
    cin >> n;
    long long pairs = 0;
    volatile int width = 1;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            pairs += width;
    cout << pairs << endl;
}
