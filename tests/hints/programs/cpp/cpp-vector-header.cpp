#include <iostream>
using namespace std;

int main()
{
    int n;
    cin >> n;
    vector<int> values(n);
    int total = 0;
    for (int i = 0; i < n; i++) {
        cin >> values[i];
        total += values[i];
    }
    cout << total << endl;
}
