// A class file of nothing but constants, each twice the last.
public class Constants {
    static final String A = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    static final String B = A + A + A + A + A + A + A + A + A + A, C = B + B + B + B + B + B + B + B + B + B, D = C + C + C + C + C + C + C + C + C + C;
    static final String E = D + D + D + D + D + D + D + D + D + D, F = E + E + E + E + E + E + E + E + E + E, G = F + F + F + F + F + F + F + F + F + F;
    static final String H = G + G + G + G + G + G + G + G + G + G;
    public static void main(String[] z) { System.out.println(H.length()); }
}
