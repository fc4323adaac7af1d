using System;

class Program
{
    int Twice(int x)
    {
        return x + x;
    }

    static void Main()
    {
        Console.WriteLine(Twice(int.Parse(Console.ReadLine())));
    }
}
