const numbers = require('fs').readFileSync(0, 'utf8').split(/\s+/).filter(Boolean).map(BigInt);
console.log(String(numbers.reduce((a, b) => a + b, 0n)));
