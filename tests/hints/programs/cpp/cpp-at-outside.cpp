#include <iostream>
#include <vector>
using namespace std;

int main()
{
    int n, total = 0;
    cin >> n;
    vector<int> scores(n);
    for (int i = 0; i < n; i++)
        cin >> scores[i];
    for (int i = 0; i <= n; i++)
        total += scores.at(i);
    cout << total << endl;
}
