def area(width, height)
  width * height
end

w, h = gets.split.map(&:to_i)
puts area(w)
