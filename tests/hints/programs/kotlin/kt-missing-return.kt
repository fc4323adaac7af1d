fun sign(x: Int): Int {
    if (x < 0) {
        return -1
    }
}

fun main() {
    println(sign(readLine()!!.toInt()))
}
