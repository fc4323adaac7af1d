public class ThreadBomb {
    public static void main(String[] a) {
        int made = 0;
        try {
            for (; made < 2000; made++) {
                Thread t = new Thread(() -> { try { Thread.sleep(20000); } catch (InterruptedException e) { } });
                t.setDaemon(true);
                t.start();
            }
            System.out.println("ESCAPED the process limit, by threads of a JVM");
        } catch (OutOfMemoryError e) {
            System.out.println("refused after some");
        }
        System.out.println("done");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
