using System;

class Program
{
    static void Main()
    {
        string word = Console.ReadLine();
        Console.WriteLine(word.Lenght);
    }
}
