declare function require(name: string): any;
import { triple } from './lib/triple';
console.log(triple(Number(require('fs').readFileSync(0, 'utf8'))));
