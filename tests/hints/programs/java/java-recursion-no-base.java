import java.util.Scanner;

public class Main {
    static int countdown(int n) {
        if (n == 0) {
            return 0;
        }
        return 1 + countdown(n + 1);
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(countdown(in.nextInt()));
    }
}
