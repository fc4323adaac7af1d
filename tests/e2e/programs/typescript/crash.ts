console.log('before');
const nothing: any = null;
nothing.property;
