#include <iostream>
#include <string>
using namespace std;

int main()
{
    map<string, int> seen;
    string word;
    while (cin >> word)
        seen[word]++;
    for (auto &pair : seen)
        cout << pair.first << " " << pair.second << endl;
}
