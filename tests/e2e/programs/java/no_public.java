import java.util.Scanner;

interface Shape {
    long area();
}

class Square implements Shape {
    private final long side;
    Square(long side) {
        this.side = side;
    }
    public long area() {
        return side * side;
    }
}

class Solution {
    public static void main(String[] args) {
        System.out.println(new Square(new Scanner(System.in).nextLong()).area());
    }
}
