n = gets.to_i
sum = 0
while n > 0
  sum += n % 10
end
puts sum
