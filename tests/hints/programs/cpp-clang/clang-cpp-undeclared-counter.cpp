#include <iostream>
#include <string>
using namespace std;

int main()
{
    string line;
    getline(cin, line);
    int counter = 0;
    for (char c : line)
        if (c == ',')
            coutner++;
    cout << counter << endl;
}
