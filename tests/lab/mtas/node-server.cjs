// smtp-server on a Node whose OpenSSL knows X25519MLKEM768: ADDRESS KEY CHAIN
const fs = require('fs');
const { SMTPServer } = require('smtp-server');
const [address, key, cert] = process.argv.slice(2);
const server = new SMTPServer({
  name: 'node.mta.example',
  banner: 'smtp-server',
  key: fs.readFileSync(key),
  cert: fs.readFileSync(cert),
  authOptional: true,
  disabledCommands: ['AUTH'],
  disableReverseLookup: true,
});
server.on('error', () => {}); // or the first alert of a client ends the server
server.listen(25, address);
