#include <iostream>
#include <vector>
using namespace std;

int main()
{
    vector<int> list;
    int x;
    while (cin >> x)
        list.push(x);
    cout << list.size() << endl;
}
