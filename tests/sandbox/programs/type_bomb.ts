type Bits<N extends number, A extends any[] = []> = A['length'] extends N ? A : Bits<N, [...A, 0]> | Bits<N, [...A, 1]>;
type Pairs<T> = T extends [infer A, ...infer R] ? [A, Pairs<R>] | [Pairs<R>, A] : never;
const x: Pairs<Bits<24>> = null as any;
console.log('done', x);
