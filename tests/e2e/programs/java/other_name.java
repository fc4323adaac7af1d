import java.util.Scanner;

/* The public class is not Main, and not the first one: public class Wrong is only a comment. */
class Helper {
    static final String TEXT = "public class AlsoWrong {";
    static long square(long x) {
        return x * x;
    }
}

public final class SquareSolution {
    public static void main(String[] args) {
        System.out.println(Helper.square(new Scanner(System.in).nextLong()));
    }
}
