#include <iostream>
using namespace std;

int main()
{
    double money;
    int years;
    cin >> money >> years;
    for (int i = 0; i < years; i++)
        money *= 1.03;
    cout << money << endl;
}
