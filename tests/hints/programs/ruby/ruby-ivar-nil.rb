class A
  def add; @n += 1; end
end
A.new.add
