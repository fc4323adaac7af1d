#include <iostream>
using namespace std;

struct Rect {
    int w, h;
    int area() { return w * h; }
};

int doubled(const Rect &r)
{
    return r.area() * 2;
}

int main()
{
    Rect r{2, 3};
    cout << doubled(r) << endl;
}
