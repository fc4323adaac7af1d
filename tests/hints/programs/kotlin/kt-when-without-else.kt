fun main() {
    val day = readLine()!!.toInt()
    val name = when (day) {
        6 -> "Saturday"
        7 -> "Sunday"
    }
    println(name)
}
