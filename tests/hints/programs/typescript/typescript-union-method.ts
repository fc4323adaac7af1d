function f(x: string | number) { return x.toUpperCase(); }
