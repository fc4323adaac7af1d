import java.util.Scanner;

public class Main {
    static String grade(int points) {
        if (points >= 90) {
            return "A";
        } else if (points >= 50) {
            return "C";
        }
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(grade(in.nextInt()));
    }
}
