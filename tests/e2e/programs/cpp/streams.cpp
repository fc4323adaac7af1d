#include <fstream>
int main()
{
    std::ifstream in("/dev/stdin");
    std::ofstream out("/dev/stdout"), err("/dev/stderr");
    int n;
    if (!(in >> n) || !out || !err)
        return 1;
    out << n * 2 << "\nmore\n";
    err << "seen\n";
}
