class Garbage {
    public static void main(String[] args) {
        byte[][] live = new byte[60][];
        long sum = 0;
        for (int i = 0; i < 3000; i++) {
            live[i % live.length] = new byte[1 << 20];
            live[i % live.length][i] = 1;
            for (int k = 0; k < 1000; k++)
                sum += new int[64].length;
        }
        System.out.println(sum);
    }
}
