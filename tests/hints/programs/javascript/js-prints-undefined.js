function double(x) {
  const result = x * 2;
}

const n = Number(require("fs").readFileSync(0, "utf8"));
console.log(double(n));
