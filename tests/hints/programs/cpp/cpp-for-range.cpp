#include <iostream>
int main() { int n = 5; for (int x : n) std::cout << x; }
