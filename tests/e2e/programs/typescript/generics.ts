interface Shape { readonly name: string; area(): number }
class Square implements Shape {
    readonly name = 'square';
    constructor(private side: number) {}
    area(): number { return this.side ** 2; }
}
function largest<T extends Shape>(shapes: T[]): T | undefined {
    return [...shapes].sort((a, b) => b.area() - a.area())[0];
}
enum Colour { Red = 1, Green }
const best = largest([new Square(2), new Square(3)]);
console.log(best?.name, best?.area(), Colour[2]);
