class A
  def initialise(x); @x = x; end
end
A.new(1)
