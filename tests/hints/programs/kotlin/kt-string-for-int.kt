fun main() {
    val n: Int = readLine()!!
    println(n * n)
}
