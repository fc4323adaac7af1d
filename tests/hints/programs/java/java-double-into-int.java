import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int radius = in.nextInt();
        int area = radius * radius * 3.14159;
        System.out.println(area);
    }
}
