using System;

class Program
{
    static string Grade(int points)
    {
        if (points > 50)
        {
            return "A";
        }
    }

    static void Main()
    {
        Console.WriteLine(Grade(int.Parse(Console.ReadLine())));
    }
}
