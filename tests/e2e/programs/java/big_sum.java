import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in)));
        long sum = 0;
        while (in.nextToken() == StreamTokenizer.TT_NUMBER) {
            sum += (long) in.nval;
        }
        System.out.println(sum);
    }
}
