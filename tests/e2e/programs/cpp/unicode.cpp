#include <iostream>
#include <string>
int main()
{
    std::string line;
    std::getline(std::cin, line);
    std::cout << "Grüße 日本 🎉 " << line << "\n";
}
