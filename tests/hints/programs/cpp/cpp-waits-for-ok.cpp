#include <iostream>
using namespace std;

int main()
{
    int amount, steps = 0;
    cin >> amount;
    int half = amount;
    while (amount > 0) {
        half = half / 2;
        steps++;
    }
    cout << steps << " " << half << endl;
}
