#include <iostream>
using namespace std;

int main()
{
    double celsius;
    cin << celsius;
    cout << celsius * 9 / 5 + 32 << endl;
}
