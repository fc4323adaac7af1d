#include <iostream>
#include <string>
using namespace std;

class Player {
public:
    string name;
    int points = 0;
    Player(string n) : name(n) {}
};

int main()
{
    string name;
    cin >> name;
    Player p;
    p.name = name;
    cout << p.name << " " << p.points << endl;
}
