const wanted = Number(require("fs").readFileSync(0, "utf8"));
let low = 0;
let high = 100;
while (low < high) {
  const middle = Math.floor((low + high) / 2);
  if (middle < wanted) {
    low = middle;
  } else {
    high = middle;
  }
}
console.log(low);
