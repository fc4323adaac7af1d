#include <iostream>
#include <string>
using namespace std;

int main()
{
    string s;
    cin >> s;
    string tail = s.substr(5);
    cout << s << tail << endl;
}
