// A real provider of OpenID Connect on this machine: oidc-provider under node, with TLS of the test's own CA. Arguments: its folder, its port.
// Whoever is sent to /login/… says with `?as=NAME` who they are, or with `?deny=1` that they do not want to; accounts.json is read each time.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, port, modules] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(createRequire(join(modules, "x.js")).resolve("oidc-provider")));
const read = (name) => readFileSync(join(folder, name), "utf8");
const setting = JSON.parse(read("setting.json"));
const issuer = `https://localhost:${port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "rollcall",
    client_secret: setting.secret,
    redirect_uris: [setting.redirect_uri],
    response_types: ["code"],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "client_secret_basic",
  }],
  pkce: { required: () => true },
  scopes: ["openid", "profile", "email", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"], groups: ["groups"], auth_time: null },
  // In the token or beside it: both ways are in use.
  conformIdTokenClaims: setting.beside,
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
  cookies: { keys: ["the test's own"] },
  findAccount: (_, id) => {
    const known = JSON.parse(read("accounts.json"))[id];
    return known && { accountId: id, claims: async () => ({ sub: id, ...known }) };
  },
});
provider.on("server_error", (_, error) => console.error(error));
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/login/")) return next();
  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { error: "access_denied", error_description: "they do not want to" };
  if (!ctx.query.deny) {
    const grant = new provider.Grant({ accountId: ctx.query.as, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { login: { accountId: ctx.query.as }, consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});
createServer({ key: read("key.pem"), cert: read("cert.pem") }, provider.callback()).listen(Number(port), "127.0.0.1");
