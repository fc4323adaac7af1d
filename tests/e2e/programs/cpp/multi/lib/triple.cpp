#include "triple.hpp"
Triple::Triple(int x) : x(x) {}
int Triple::value() const { return 3 * x; }
