import java.util.*;
import java.util.stream.*;

public class Main {
    record Word(String text, int count) {}

    public static void main(String[] args) {
        Map<String, Integer> counts = new TreeMap<>();
        try (Scanner in = new Scanner(System.in)) {
            while (in.hasNext()) {
                counts.merge(in.next(), 1, Integer::sum);
            }
        }
        System.out.println(counts.entrySet().stream().map(e -> new Word(e.getKey(), e.getValue()))
            .sorted(Comparator.comparingInt(Word::count).reversed()).map(w -> w.text() + "=" + w.count())
            .collect(Collectors.joining(" ")));
    }
}
