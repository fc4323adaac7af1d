fun main() {
    val age = readLine()!!.toInt()
    val fee: Int
    if (age >= 18) {
        fee = 10
    }
    println(fee)
}
