const n = 3;
n();
