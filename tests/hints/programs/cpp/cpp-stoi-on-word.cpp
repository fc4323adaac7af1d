#include <iostream>
#include <string>
using namespace std;

int main()
{
    string word;
    cin >> word;
    int value = stoi(word);
    cout << value << endl;
}
