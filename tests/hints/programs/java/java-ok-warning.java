import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        List words = new ArrayList();
        while (in.hasNext()) {
            words.add(in.next());
        }
        Collections.sort(words);
        System.out.println(words);
    }
}
