export function triple(x: number): number {
    return 3 * x;
}
