import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        long f = 1;
        for (int i = 2; i <= n; i++) {
            f *= i;
        }
        System.err.println("error: none, f is " + f);
        System.out.println(f);
    }
}
