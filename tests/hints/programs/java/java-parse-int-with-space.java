import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String line = in.nextLine();
        int value = Integer.parseInt(line);
        System.out.println(value);
    }
}
