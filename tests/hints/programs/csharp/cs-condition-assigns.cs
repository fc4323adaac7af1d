using System;

class Program
{
    static void Main()
    {
        int n = int.Parse(Console.ReadLine());
        if (n = 0)
        {
            Console.WriteLine("zero");
        }
    }
}
