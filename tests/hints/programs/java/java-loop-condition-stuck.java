import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int digits = 0;
        while (n > 0) {
            digits += n % 10;
        }
        System.out.println(digits);
    }
}
