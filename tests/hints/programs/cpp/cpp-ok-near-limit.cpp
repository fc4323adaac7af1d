#include <iostream>
#include <vector>
using namespace std;

int main()
{
    int n;
    cin >> n;
    vector<long long> cells(n, 1);
    long long total = 0;
    for (long long c : cells)
        total += c;
    cout << total << endl;
}
