#include <iostream>
using namespace std;
int main() {
    char c; cin >> c;
    int n = c;
    cout << n + 1 << endl;
}
