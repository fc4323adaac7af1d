#include <iostream>
#include <string>
using namespace std;

int main()
{
    string greeting = "Dear " + "reader";
    cout << greeting << endl;
}
