fun main() {
    val line: String? = readLine()
    println(line.length)
}
