import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int[] turned = new int[n];
        for (int i = n - 1; i >= 0; i--) {
            turned[i] = in.nextInt();
        }
        System.out.println(turned);
    }
}
