const fs = require('fs');
const block = 'x'.repeat(65536);
for (let i = 0; i < 20000; i++) try { fs.writeSync(1 + i % 2, block); } catch (e) { if (e.code !== 'EAGAIN') process.exit(3); }
