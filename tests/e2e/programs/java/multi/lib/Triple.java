package lib;

public class Triple {
    public static int of(int x) {
        return 3 * x;
    }
}
