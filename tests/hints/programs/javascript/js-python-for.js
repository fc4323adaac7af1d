const n = Number(require("fs").readFileSync(0, "utf8"));
for let i = 0; i < n; i++ {
  console.log(i);
}
