import java.util.ArrayList;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        ArrayList<String> words = new ArrayList<>();
        while (in.hasNext()) {
            words.add(in.next());
        }
        for (String w : words) {
            if (w.equals("to") || w.equals("be")) {
                words.remove(w);
            }
        }
        System.out.println(words);
    }
}
