#include <iostream>
using namespace std;

struct Buffer {
    int *data;
    Buffer(int n) : data(new int[n]) {}
    ~Buffer() { delete[] data; }
};

int square_last(Buffer copy, int n)
{
    copy.data[n - 1] = n * n;
    return copy.data[n - 1];
}

int main()
{
    int n;
    cin >> n;
    Buffer b(n);
    cout << square_last(b, n) << endl;
}
