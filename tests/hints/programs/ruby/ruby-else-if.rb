x = 1
if x > 2
  puts 1
else if x > 0
  puts 2
end
