#include <iostream>
using namespace std;

class Account {
public:
    int balance = 100;
    void take(int sum) { balance -= sum; }
}

int main()
{
    Account a;
    a.take(30);
    cout << a.balance << endl;
}
