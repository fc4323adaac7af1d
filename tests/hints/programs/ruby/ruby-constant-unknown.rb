words = gets.split
seen = Set.new
words.each { |w| seen.add(w) }
puts seen.size
