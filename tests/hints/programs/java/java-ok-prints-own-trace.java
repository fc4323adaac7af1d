import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String word = in.next();
        try {
            System.out.println(Integer.parseInt(word));
        } catch (NumberFormatException e) {
            e.printStackTrace();
            System.out.println("bad input, using 0");
        }
    }
}
