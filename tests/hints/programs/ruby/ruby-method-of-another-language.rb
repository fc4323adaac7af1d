n = gets.to_i
list = []
(1..n).each do |i|
  list.add(i)
end
p list
