gets.split.each do |word|
  begin
    puts Integer(word)
  rescue ArgumentError => e
    warn "main.rb:3:in `Integer': #{e.message} (ArgumentError)"
    puts 0
  end
end
