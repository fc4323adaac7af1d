#include <iostream>
using namespace std;

int main()
{
    int total, step;
    cin >> total >> step;
    int rest = total % step;
    cout << rest << endl;
}
