import java.util.ArrayList;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        ArrayList<long[]> log = new ArrayList<>();
        while (n != 10) {
            log.add(new long[10000]);
            n = n + 2;
        }
        System.out.println(log.size());
    }
}
