fun main() {
    var n = readLine()!!.toInt()
    if (n = 0) {
        println("zero")
    }
}
