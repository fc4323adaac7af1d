const n = Number(require("fs").readFileSync(0, "utf8"));
const queue = [new Array(20000).fill(n)];
for (let i = 0; i < queue.length; i++) {
  const row = queue[i].map((x) => x + 1.5);
  if (row[0] > 0) {
    queue.push(row);
  }
}
console.log(queue.length);
