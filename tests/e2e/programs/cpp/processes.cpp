#include <iostream>
#include <system_error>
#include <thread>
#include <vector>
#include <chrono>
int main()
{
    std::vector<std::thread> threads;
    try {
        for (int i = 0; i < 1000; i++) {
            threads.emplace_back([] { std::this_thread::sleep_for(std::chrono::hours(1)); });
            threads.back().detach();
        }
        std::cout << "never refused\n";
    } catch (const std::system_error &) {
        std::cout << "refused\n";
    }
    std::cout.flush();
    std::_Exit(0);
}
