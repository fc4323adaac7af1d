import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        String[] names = new String[3];
        for (int i = 0; i < n; i++) {
            names[i] = in.next();
        }
        for (int i = 0; i < 3; i++) {
            System.out.println(names[i].length());
        }
    }
}
