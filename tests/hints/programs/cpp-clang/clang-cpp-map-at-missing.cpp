#include <iostream>
#include <map>
#include <string>
using namespace std;

int main()
{
    map<string, int> prices = {{"apple", 3}, {"pear", 4}};
    string fruit;
    cin >> fruit;
    int price = prices.at(fruit);
    cout << price << endl;
}
