class TooMuch {
    public static void main(String[] args) {
        System.out.println(new int[1000000000].length);
    }
}
