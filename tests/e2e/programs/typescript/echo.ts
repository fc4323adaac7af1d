declare const process: any;
process.stdin.pipe(process.stdout);
