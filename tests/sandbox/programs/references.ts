/// <reference path="/etc/passwd" />
/// <reference path="/proc/self/environ" />
/// <reference types="../../../../etc/evalx-hostile" />
import * as secret from '/etc/shadow';
console.log('ESCAPED', secret);
