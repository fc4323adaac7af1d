const n = Number(require("fs").readFileSync(0, "utf8"));

function divisors(limit) {
  let found = 0;
  for (let d = 1; d <= limit; d++) {
    if (limit % d === 0) {
      found++;
    }
  return found;
}

console.log(divisors(n));
