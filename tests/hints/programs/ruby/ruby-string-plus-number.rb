age = gets.to_i
message = "You are " + age
puts message
