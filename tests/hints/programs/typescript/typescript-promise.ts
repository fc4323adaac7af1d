async function f(): Promise<number> { return 1; }
const n: number = f();
