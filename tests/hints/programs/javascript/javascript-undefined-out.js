function double(x) { x * 2; }
console.log(double(3));
