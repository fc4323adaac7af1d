values = gets.split.map(&:to_i).select { |v| v > 0 }
total = values.sum
count = values.length
puts total / count
