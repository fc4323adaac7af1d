import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int[] days = new int[7];
        int total = 0;
        for (int i = 0; i <= 7; i++) {
            days[i] = in.hasNextInt() ? in.nextInt() : 0;
            total += days[i];
        }
        System.out.println(total);
    }
}
