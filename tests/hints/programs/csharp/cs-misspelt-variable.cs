using System;

class Program
{
    static void Main()
    {
        int total = 0;
        foreach (string word in Console.ReadLine().Split(' '))
        {
            total += int.Parse(word);
        }
        Console.WriteLine(totl);
    }
}
