import java.io.*;
import java.lang.reflect.*;
import java.net.*;
import java.nio.file.*;
// No security manager is relied on: what the JVM can reach is what the box lets it.
public class Reflection {
    interface Try { void run() throws Throwable; }
    static void refused(String what, Try t) { try { t.run(); System.out.println("ESCAPED " + what); } catch (Throwable e) { } }
    public static void main(String[] a) throws Exception {
        refused("/etc/shadow", () -> Files.readAllBytes(Path.of("/etc/shadow")));
        refused("writing /usr", () -> Files.writeString(Path.of("/usr/evalx-hostile"), "x"));
        refused("the artifact", () -> Files.writeString(Path.of("/artifact/Reflection.class"), "x"));
        refused("the metadata service", () -> new Socket().connect(new InetSocketAddress("169.254.169.254", 80), 500));
        refused("process 1", () -> { if (!ProcessHandle.of(1).get().destroyForcibly()) throw new IOException(); });
        refused("a watch", () -> Path.of("/usr/bin").register(FileSystems.getDefault().newWatchService(), StandardWatchEventKinds.ENTRY_CREATE));
        refused("root", () -> { Process p = new ProcessBuilder("su", "-c", "id").redirectErrorStream(true).start(); p.getOutputStream().close(); if (p.waitFor() != 0) throw new IOException(); });
        Field f = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        f.setAccessible(true);
        Object unsafe = f.get(null);
        System.out.println("done");
        System.out.flush();
        unsafe.getClass().getMethod("putInt", long.class, int.class).invoke(unsafe, 0L, 0);
    }
}
