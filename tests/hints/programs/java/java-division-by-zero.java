import java.util.Scanner;

public class Main {
    static int average(int sum, int passed) {
        return sum / passed;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int sum = 0, passed = 0;
        for (int i = 0; i < n; i++) {
            int mark = in.nextInt();
            if (mark >= 5) {
                sum += mark;
                passed++;
            }
        }
        System.out.println(average(sum, passed));
    }
}
