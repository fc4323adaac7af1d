#include <iostream>
using namespace std;

class Box {
    int size;

public:
    Box(int s) : size(s) {}
    int area() { return size * size; }
};

int main()
{
    Box b(4);
    cout << b.size << endl;
}
