public class Main {
    public static void main(String[] args) {
        int i = 7;
        for (int i = 0; i < 3; i++) {
            System.out.println(i);
        }
    }
}
