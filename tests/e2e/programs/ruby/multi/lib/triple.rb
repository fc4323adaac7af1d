def triple(x)
  3 * x
end
