#pragma GCC dependency "/etc/shadow"
#pragma GCC pch_preprocess "/tmp/evalx-hostile.gch"
#pragma GCC poison printf
#pragma comment(lib, "/etc/shadow")
#pragma once
#line 1 "/etc/shadow"
int main(void) { return undeclared; }
