class LargeArray {
    public static void main(String[] args) {
        int[] a = new int[28000000];
        for (int i = 0; i < a.length; i++)
            a[i] = i;
        System.out.println(a[a.length - 1]);
    }
}
