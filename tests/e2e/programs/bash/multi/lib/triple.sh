triple() {
    echo $((3 * $1))
}
