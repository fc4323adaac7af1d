def sum(n)
  n + sum(n - 1)
end

puts sum(gets.to_i)
