declare function require(name: string): any;
const line: string = require('fs').readFileSync(0, 'utf8').trim();
console.log(`Grüße 日本 🎉 ${line}`);
