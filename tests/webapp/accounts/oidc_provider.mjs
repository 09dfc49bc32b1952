// A certified identity provider (npm oidc-provider) with one person, for the tests: node oidc_provider.mjs MODULE PORT REDIRECT…
const [, , modulePath, port, ...redirects] = process.argv;
const { Provider } = await import(modulePath);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "spineview",
      client_secret: "a secret of the tests alone",
      redirect_uris: redirects,
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  pkce: { required: () => true },
  claims: { profile: ["preferred_username"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@hospital.example`, email_verified: false }),
  }),
});
provider.proxy = false;
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
