import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int days = in.nextInt();
        double rain = 0;
        for (int day = 1; day <= days; day++) {
            rain = 0;
            double today = in.nextDouble();
            if (today > 0) {
                rain += today;
            }
        }
        System.out.println("Rain: " + rain);
    }
}
