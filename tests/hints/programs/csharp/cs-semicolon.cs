using System;

class Program
{
    static void Main()
    {
        int n = int.Parse(Console.ReadLine());
        int square = n * n
        Console.WriteLine(square);
    }
}
