#include <cxxabi.h>
#include <exception>
#include <thread>
#include <vector>
#include "hostile.h"
// Code before main, after it and instead of it; exceptions out of where none may come.
static void *resolver() { return reinterpret_cast<void *>(+[] { return 7; }); }
extern "C" int chosen() __attribute__((ifunc("choose")));
extern "C" void *choose() { return resolver(); }
struct Late {
    Late() { if (fork() == 0) { setsid(); for (;;) pause(); } }
    ~Late() { std::vector<std::thread> burners; for (int i = 0; i < 8; i++) burners.emplace_back([] { for (;;) {} }); throw chosen(); }
};
static Late late;
int main() { std::set_terminate([] { for (;;) {} }); return 0; }
