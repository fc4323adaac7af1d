declare const process: { exit(code: number): never };
console.log('leaving');
process.exit(3);
