using System;

class Program
{
    static void Main()
    {
        int age = int.Parse(Console.ReadLine());
        int fee;
        if (age >= 18)
        {
            fee = 10;
        }
        Console.WriteLine(fee);
    }
}
