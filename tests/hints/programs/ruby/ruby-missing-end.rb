n = gets.to_i
def even?(x)
  if x % 2 == 0
    return true
  end
  false

puts even?(n) ? "even" : "odd"
