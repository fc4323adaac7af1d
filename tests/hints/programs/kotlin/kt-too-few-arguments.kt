fun area(width: Int, height: Int): Int {
    return width * height
}

fun main() {
    val side = readLine()!!.toInt()
    println(area(side))
}
