// mailauth_policies.cjs SERVER: SPF and DMARC of the domains on standard input with the npm package mailauth, 50 in flight, as JSON lines.
const { Resolver } = require('node:dns').promises;
const { spf } = require('mailauth/lib/spf');
const { dmarc } = require('mailauth/lib/dmarc');
const lines = require('node:readline').createInterface({ input: process.stdin });

const dns = new Resolver({ timeout: 3000, tries: 2 });
dns.setServers([process.argv[2]]);
const resolver = (name, type) => dns.resolve(name, type);

async function measure(domain) {
  const checked = await spf({ sender: `a@${domain}`, ip: '45.1.1.1', helo: 'client.example', mta: 'mx.example', resolver });
  const policy = await dmarc({ headerFrom: domain, spfDomains: [], dkimDomains: [], resolver });
  process.stdout.write(JSON.stringify({ domain, spf: checked.status.result, dmarc: policy && policy.policy }) + '\n');
}
async function work(next) {
  for (let domain; (domain = next()) !== undefined; ) await measure(domain).catch(() => {});
}
(async () => {
  const domains = [];
  for await (const line of lines) domains.push(line);
  await Promise.all(Array.from({ length: 50 }, () => work(() => domains.shift())));
})();
