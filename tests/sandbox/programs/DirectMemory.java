import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Memory that is not on the heap, files that the machine leaves when it crashes, and hooks that keep it from ending. */
class DirectMemory {
    public static void main(String[] args) throws Exception {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { while (true) Thread.onSpinWait(); }));
        List<ByteBuffer> held = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++)
                held.add(ByteBuffer.allocateDirect(16 << 20));
            System.out.println("ESCAPED the memory limit, by direct buffers");
        } catch (OutOfMemoryError e) {
            System.out.println("refused: " + e.getMessage());
        }
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        if (args.length > 0)
            ((sun.misc.Unsafe) field.get(null)).putAddress(8, 1);
        System.out.println("done");
    }
}
