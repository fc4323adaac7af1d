public class Main {
    public static void main(String[] args) {
        String word = 'Hi';
        System.out.println(word);
    }
}
