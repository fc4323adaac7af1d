#include <iostream>
#include <string>
using namespace std;

int main()
{
    int room;
    cin >> room;
    string label = room;
    cout << "room " << label << endl;
}
