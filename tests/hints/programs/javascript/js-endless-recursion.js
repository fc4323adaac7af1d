function factorial(n) {
  return n * factorial(n - 1);
}

const n = Number(require("fs").readFileSync(0, "utf8"));
console.log(factorial(n));
