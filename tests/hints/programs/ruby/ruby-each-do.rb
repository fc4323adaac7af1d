[1,2].each |x| do
  puts x
end
