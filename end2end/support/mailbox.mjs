// A real mail server for tests: takes mails over SMTP with a user and a password, and offers what came over HTTP.
//
//   node mailbox.mjs [--starttls]
//
// Prints one line of JSON: { smtp, http, user, password }, the ports and who may send. Without --starttls it speaks plain
// SMTP; with it, nobody may sign in before STARTTLS, and its certificate is one that nobody trusts.
//
//   GET /mails       what arrived, first mail first
//   DELETE /mails    forgets it
//   PUT /answers     { "address": 451, … }: from now on these recipients are answered with that code; {} for none
//
// It ends when its standard input does, so that no test leaves one behind.
import http from "node:http";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

const user = "strata";
const password = "s3cret/with@signs";
const starttls = process.argv.includes("--starttls");

let answers = {};
let mails = [];

const smtp = new SMTPServer({
  authMethods: ["PLAIN", "LOGIN"],
  allowInsecureAuth: !starttls,
  disabledCommands: starttls ? [] : ["STARTTLS"],
  disableReverseLookup: true,
  logger: false,
  onAuth(auth, _session, done) {
    if (auth.username === user && auth.password === password) return done(null, { user });
    return done(Object.assign(new Error("Wrong user or password"), { responseCode: 535 }));
  },
  onRcptTo(address, _session, done) {
    const code = answers[address.address];
    if (code === undefined) return done();
    return done(Object.assign(new Error(`The test answers ${code}`), { responseCode: code }));
  },
  onData(stream, session, done) {
    simpleParser(stream).then((mail) => {
      mails.push({
        to: session.envelope.rcptTo.map((recipient) => recipient.address),
        from: session.envelope.mailFrom.address,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        messageId: mail.messageId,
        inReplyTo: mail.inReplyTo,
        headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(key.length + 1).trim()])),
      });
      done();
    }, done);
  },
});
// Whoever distrusts the certificate breaks the connection off; that is what some tests want.
smtp.on("error", () => {});

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const web = http.createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  switch (`${request.method} ${request.url}`) {
    case "GET /mails":
      return answer(200, mails);
    case "DELETE /mails":
      mails = [];
      return answer(200, mails);
    case "PUT /answers":
      answers = JSON.parse(await bodyOf(request));
      return answer(200, answers);
    default:
      return answer(404, { error: "GET /mails, DELETE /mails or PUT /answers" });
  }
});

const listening = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
await Promise.all([listening(smtp), listening(web)]);
console.log(JSON.stringify({ smtp: smtp.server.address().port, http: web.address().port, user, password }));
process.stdin.on("end", () => process.exit(0)).resume();
