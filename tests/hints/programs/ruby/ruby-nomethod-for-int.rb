5.each { |x| puts x }
