const 2x = 3;
