throw "bad";
