using System;

class Program
{
    static void Main()
    {
        int n = int.Parse(Console.ReadLine());
        List<int> squares = new List<int>();
        for (int i = 0; i < n; i++)
        {
            squares.Add(i * i);
        }
        Console.WriteLine(squares.Count);
    }
}
