declare function require(name: string): any;
const text: string = require('fs').readFileSync(0, 'utf8');
let sum: bigint = BigInt(0);
for (const word of text.split(/\s+/))
    if (word)
        sum += BigInt(word);
console.log(String(sum));
