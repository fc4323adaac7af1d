interface S { double area(); }
class C implements S { }
public class Main { public static void main(String[] args) { new C(); } }
