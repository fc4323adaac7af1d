import java.util.Scanner;

public class Main {
    static int square(int x) {
        return x * x;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt()
        System.out.println(square(n));
    }
}
