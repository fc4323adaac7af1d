#include <iostream>
using namespace std;

class Clock {
public:
    int hour = 12, minute = 30;
    void show() { cout << hour << ":" << minute << endl; }
}

int main()
{
    Clock c;
    c.show();
}
