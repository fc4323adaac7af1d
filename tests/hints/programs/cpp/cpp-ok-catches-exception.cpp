#include <iostream>
#include <string>
using namespace std;

int main()
{
    string word;
    while (cin >> word) {
        try {
            cout << stoi(word) << endl;
        } catch (const exception &e) {
            cerr << "terminate called after throwing an instance of '" << e.what() << "'" << endl;
            cout << "not a number: " << word << endl;
        }
    }
}
