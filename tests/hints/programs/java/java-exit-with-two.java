import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        if (n < 0) {
            System.out.println("negative");
            System.exit(2);
        }
        System.out.println(Math.sqrt(n));
    }
}
