#include <iostream>
#include <set>
#include <string>
#include <vector>
using namespace std;

int main()
{
    int n;
    cin >> n;
    vector<string> words;
    set<string> seen;
    while (n-- > 0) {
        string w;
        cin >> w;
        if (seen.insert(w).second)
            words.push_back(w);
    }
    for (const string &w : words)
        cout << w << "\n";
}
