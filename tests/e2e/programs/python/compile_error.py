def broken(:
    return undeclared_thing
