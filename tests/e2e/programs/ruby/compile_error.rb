def broken
  puts 1 +
