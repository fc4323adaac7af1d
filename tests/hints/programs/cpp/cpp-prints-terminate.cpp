#include <iostream>
using namespace std;

int main()
{
    int n;
    cin >> n;
    cerr << "terminate called after throwing an instance of 'std::out_of_range'" << endl;
    cerr << "  what():  vector::_M_range_check: __n (which is 8) >= this->size() (which is 8)" << endl;
    cout << n << endl;
}
