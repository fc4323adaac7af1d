#pragma once
class Triple {
    int x;
public:
    explicit Triple(int x);
    int value() const;
};
