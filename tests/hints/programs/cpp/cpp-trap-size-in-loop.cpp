#include <iostream>
#include <vector>
using namespace std;

int main()
{
    vector<int> v = {3, 1, 2};
    int best = 0;
    for (int i = 0; i < v.size(); i++)
        if (v[i] < best)
            best = v[i];
    cout << best << endl;
}
