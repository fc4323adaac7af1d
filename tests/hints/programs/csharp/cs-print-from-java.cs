using System;

class Program
{
    static void Main()
    {
        string word = "hello";
        System.out.println(word);
    }
}
