using System;

class Program
{
    static int Area(int width, int height)
    {
        return width * height;
    }

    static void Main()
    {
        int side = int.Parse(Console.ReadLine());
        Console.WriteLine(Area(side));
    }
}
