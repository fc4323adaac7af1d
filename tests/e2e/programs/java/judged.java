import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        if (System.getProperty("ONLINE_JUDGE") == null)
            throw new IllegalStateException("at home");
        int n = new Scanner(System.in).nextInt();
        System.out.println(n * n);
    }
}
