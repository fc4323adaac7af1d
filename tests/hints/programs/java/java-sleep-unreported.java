public class Main {
    static void pause() {
        Thread.sleep(10);
    }

    public static void main(String[] args) {
        pause();
        System.out.println("done");
    }
}
