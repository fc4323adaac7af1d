interface S { area(): number; }
class C implements S { }
