require_relative 'lib/triple'
puts triple(STDIN.gets.to_i)
