#include <iostream>
#include <stdexcept>
using namespace std;

int withdraw(int balance, int sum)
{
    if (sum > balance)
        throw runtime_error("not enough money");
    return balance - sum;
}

int main()
{
    int balance, sum;
    cin >> balance >> sum;
    cout << withdraw(balance, sum) << endl;
}
