#include <iostream>
#include <vector>
using namespace std;

int main()
{
    int n;
    cin >> n;
    vector<int> jobs;
    for (int i = 0; i < n; i++)
        jobs[i] = i * 10;
    cout << jobs[0] << endl;
}
