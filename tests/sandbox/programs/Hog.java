import java.util.*;
public class Hog {
    public static void main(String[] a) {
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 2048; i++) { byte[] b = new byte[1 << 20]; Arrays.fill(b, (byte) 1); kept.add(b); }
        System.out.println("ESCAPED the memory limit");
    }
}
