#include <iostream>
#include <vector>
using namespace std;

int main()
{
    long long n;
    cin >> n;
    vector<long long> path;
    while (n != 0) {
        path.push_back(n);
        n = (n % 2 == 0) ? n / 2 : 3 * n + 1;
    }
    for (long long x : path)
        cout << x << " ";
    cout << endl;
}
