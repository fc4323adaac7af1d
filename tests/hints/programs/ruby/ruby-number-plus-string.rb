line = gets.chomp
puts 1 + line
