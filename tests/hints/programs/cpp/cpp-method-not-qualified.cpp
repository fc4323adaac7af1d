#include <iostream>
using namespace std;

class Wallet {
public:
    int money = 0;
    void deposit(int sum);
};

void deposit(int sum)
{
    cout << "deposit " << sum << endl;
}

int main()
{
    Wallet w;
    w.deposit(25);
    cout << w.money << endl;
}
