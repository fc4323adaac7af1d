numbers = gets.split.map(&:to_i)
total = 0
numbers.each { |n| total += n }
puts totl
