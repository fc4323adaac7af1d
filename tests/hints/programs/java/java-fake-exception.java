import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        System.err.println("Exception in thread \"main\" java.lang.NullPointerException");
        System.err.println("\tat Main.main(Main.java:6)");
        System.out.println(n * 2);
    }
}
