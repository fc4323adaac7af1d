public class Main {
    void greet() {
        System.out.println("Good morning");
    }

    public static void main(String[] args) {
        greet();
    }
}
