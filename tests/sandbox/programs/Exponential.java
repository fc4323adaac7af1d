// Types whose inference doubles with each level.
public class Exponential {
    interface F<A, B> { B f(A a); }
    static <A, B, C> F<A, C> c(F<A, B> x, F<B, C> y) { return a -> y.f(x.f(a)); }
    static <T> T id(T t) { return t; }
    public static void main(String[] z) {
        Object o = id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id(id((F<?, ?>) null))))))))))))))))))))))));
        F<Integer, Integer> g = c(c(c(c(c(c(c(c(c(c(a -> a, a -> a), a -> a), a -> a), a -> a), a -> a), a -> a), a -> a), a -> a), a -> a), a -> a);
        System.out.println("done");
    }
}
