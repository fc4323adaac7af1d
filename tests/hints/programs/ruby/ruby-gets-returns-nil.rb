n = gets.to_i
(n).times do
  word = gets.chomp
  puts word
end
