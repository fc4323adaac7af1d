import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int divisor = in.nextInt();
        int number = in.nextInt();
        try {
            System.out.println(number / divisor);
        } catch (ArithmeticException e) {
            System.err.println("caught: " + e);
            System.out.println("error");
        }
    }
}
