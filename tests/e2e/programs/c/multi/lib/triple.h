int triple(int x);
