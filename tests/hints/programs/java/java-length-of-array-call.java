public class Main {
    public static void main(String[] args) {
        int[] marks = {4, 5, 3};
        int best = 0;
        for (int i = 0; i < marks.length(); i++) {
            if (marks[i] < 6) {
                best++;
            }
        }
        System.out.println(best);
    }
}
