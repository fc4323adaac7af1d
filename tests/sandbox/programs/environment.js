// What the server's own environment holds is not passed on.
const names = Object.keys(process.env).filter((n) => !['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'NODE_DISABLE_COLORS', 'NODE_NO_WARNINGS', 'PWD', 'USER', 'LOGNAME', 'TZ'].includes(n));
for (const name of names) console.log('ESCAPED', name, process.env[name]);
try { require('child_process').execSync('env', { timeout: 2000 }).toString().split('\n').filter((l) => /secret|token|key|evalx/i.test(l)).forEach((l) => console.log('ESCAPED', l)); } catch (e) { }
try { require('fs').watch('/usr/bin'); console.log('ESCAPED a watch of /usr/bin'); } catch (e) { }
console.log('done');
process.exit(0);
