using System;

class Program
{
    static void Main()
    {
        int age = Console.ReadLine();
        Console.WriteLine(age + 1);
    }
}
