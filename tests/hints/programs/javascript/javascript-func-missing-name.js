function (x) { return x; }
