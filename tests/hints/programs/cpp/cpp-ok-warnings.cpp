#include <iostream>
#include <vector>
using namespace std;

int main()
{
    int n, unused;
    cin >> n;
    vector<int> v(n);
    for (int i = 0; i < v.size(); i++)
        cin >> v[i];
    int odd = 0;
    for (int i = 0; i < v.size(); i++)
        if (v[i] % 2 == 1)
            odd++;
    cout << odd << endl;
}
