public class Main {
    public static void main(String[] args) {
        System.out.println("The manual shows this example:");
        System.out.println("java.lang.NullPointerException at Shop.java:12");
        System.exit(1);
    }
}
