const price = Number(require("fs").readFileSync(0, "utf8"));
const tax = price * rate;
const rate = 0.21;
console.log(tax);
