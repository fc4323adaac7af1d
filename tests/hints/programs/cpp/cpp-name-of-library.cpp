#include <algorithm>
#include <iostream>
#include <string>
using namespace std;

int count = 0;

int main()
{
    string word;
    while (cin >> word)
        count++;
    cout << count << endl;
}
