declare function require(name: string): any;
const n: number = Number(require('fs').readFileSync(0, 'utf8'));
const composite: Uint8Array = new Uint8Array(n + 1);
let count: number = 0;
for (let i = 2; i < n; i++) {
    if (composite[i])
        continue;
    count++;
    for (let j = i * i; j < n; j += i)
        composite[j] = 1;
}
console.log(count);
