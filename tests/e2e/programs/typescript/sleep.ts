declare function setTimeout(f: () => void, ms: number): void;
setTimeout(() => {}, 1000000);
