exports.triple = x => 3 * x;
