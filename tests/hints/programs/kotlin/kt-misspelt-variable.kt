fun main() {
    var total = 0
    for (word in readLine()!!.split(" ")) {
        total += word.toInt()
    }
    println(totl)
}
