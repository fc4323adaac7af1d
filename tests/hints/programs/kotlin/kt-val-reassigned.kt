fun main() {
    val best = 0
    for (word in readLine()!!.split(" ")) {
        if (word.toInt() > best) {
            best = word.toInt()
        }
    }
    println(best)
}
