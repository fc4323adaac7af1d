const n = Number(require("fs").readFileSync(0, "utf8"));
if (n === 0) {
  console.log("empty");
  process.exit(4);
}
console.log(100 / n);
