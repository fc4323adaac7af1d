value = Integer(gets.chomp)
puts value
