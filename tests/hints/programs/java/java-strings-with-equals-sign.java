import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String answer = in.next();
        if (answer == "yes") {
            System.out.println("agreed");
        } else {
            System.out.println("refused");
        }
    }
}
