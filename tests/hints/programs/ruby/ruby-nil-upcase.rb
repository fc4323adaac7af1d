capitals = { "france" => "paris", "italy" => "rome" }
country = gets.chomp
capital = capitals[country]
puts capital.upcase
