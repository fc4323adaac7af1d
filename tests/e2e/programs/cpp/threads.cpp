#include <atomic>
#include <iostream>
#include <thread>
#include <vector>
int main()
{
    std::atomic<int> total{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&total, i] {
            for (int k = 0; k < 1000; k++)
                total += i;
        });
    for (auto &thread : threads)
        thread.join();
    std::cout << total << "\n";
}
