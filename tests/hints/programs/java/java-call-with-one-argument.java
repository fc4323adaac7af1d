import java.util.Scanner;

public class Main {
    static int volume(int side, int height) {
        return side * side * height;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int s = in.nextInt();
        int h = in.nextInt();
        System.out.println(volume(s));
    }
}
