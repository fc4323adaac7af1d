package org.example.contest;

import java.util.Scanner;

public class Solution {
    public static void main(String[] args) {
        long x = new Scanner(System.in).nextLong();
        System.out.println(x * x);
    }
}
