n = gets.to_i
warn "main.rb:2:in `<main>': undefined local variable or method `totl' for main:Object (NameError)"
puts n**3
