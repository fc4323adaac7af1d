case 3 in
  3) echo a
  4) echo b
esac
