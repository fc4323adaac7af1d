#include <algorithm>
#include <iostream>
using namespace std;

int main()
{
    int n;
    long long best = 0;
    cin >> n;
    for (int i = 0; i < n; i++) {
        int x;
        cin >> x;
        best = max(best, x);
    }
    cout << best << endl;
}
