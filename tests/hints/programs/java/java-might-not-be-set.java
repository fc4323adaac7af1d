import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int age = in.nextInt();
        int fee;
        if (age >= 18) {
            fee = 10;
        }
        System.out.println(fee);
    }
}
