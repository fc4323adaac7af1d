#include <iostream>
using namespace std;

int main()
{
    unsigned int n;
    cin >> n;
    unsigned long total = 0;
    for (unsigned int i = n; i >= 0; i--) {
        total += i;
        if (total == 1)
            cout << "";
    }
    cout << total << endl;
}
