class C { constructor() { this.n = 1; } inc() { this.n++; } }
const c = new C();
const f = c.inc;
f();
