fun main() {
    val word = readLine()!!
    println(word.toUppercase())
}
