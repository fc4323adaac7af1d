word = gets.chomp
p word.reverse
