#include <iostream>
using namespace std;

struct Node {
    int key;
    Node *left = nullptr, *right = nullptr;
};

Node *insert(Node *node, int key)
{
    if (node == nullptr)
        return new Node{key};
    if (key < node->key)
        node->left = insert(node->left, key);
    else
        node->right = insert(node->right, key);
    return node;
}

int main()
{
    Node *root = nullptr;
    int n, key;
    cin >> n;
    for (int i = 0; i < n; i++) {
        cin >> key;
        insert(root, key);
    }
    while (root->left != nullptr)
        root = root->left;
    cout << root->key << endl;
}
