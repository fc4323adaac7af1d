public class Main {
    public static void main(String[] args) {
        System.out.println("before");
        int[] none = new int[0];
        System.out.println(none[5]);
    }
}
