class A
  private
  def x; 1; end
end
A.new.x
