const { triple } = require('./lib/triple');
console.log(triple(Number(require('fs').readFileSync(0, 'utf8'))));
