#include <iostream>
using namepsace std;
int main() { cout << 1; }
