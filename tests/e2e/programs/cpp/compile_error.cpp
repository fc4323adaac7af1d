#include <vector>
#include <string>
int main()
{
    std::vector<std::string> words;
    words.push_back(undeclared_thing);
    return words;
}
