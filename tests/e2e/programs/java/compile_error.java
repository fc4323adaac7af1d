public class Main {
    public static void main(String[] args) {
        String s = undeclared_thing;
        int x = "text";
    }
}
