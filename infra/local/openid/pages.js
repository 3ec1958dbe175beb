// The pages of the OpenID provider. They load nothing.

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d4d4d8, #3f3f46); --quiet: light-dark(#52525b, #a1a1aa); --accent: light-dark(#1d4ed8, #93c5fd); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 10vh auto 2rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1rem; margin: 2rem 0 .75rem; }
p { margin: 0 0 1.25rem; color: var(--quiet); overflow-wrap: anywhere; }
button, input { font: inherit; width: 100%; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: none; color: inherit; }
button { cursor: pointer; text-align: start; margin-bottom: .6rem; }
button:hover, button:focus-visible, input:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: -1px; }
button small { display: block; color: var(--quiet); overflow-wrap: anywhere; }
button.plain { text-align: center; }
label { display: block; margin-bottom: .75rem; }
label.check { display: flex; gap: .5rem; align-items: baseline; }
label.check input { width: auto; }
a { color: var(--accent); }
li { overflow-wrap: anywhere; }
`;

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const text = (value) => String(value ?? "").replace(/[&<>"']/g, (sign) => SIGNS[sign]);

const page = (title, content) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${text(title)}</h1>
${content}
</main></body></html>
`;

const note = (person) => (person.email_verified ? text(person.email) : `${text(person.email)}, not verified`);

const choice = (person) =>
  `<button name="email" value="${text(person.email)}">${text(person.name)}<small>${note(person)}</small></button>`;

/** Asks who signs in. */
export const signInPage = (people, hint) =>
  page(
    "Who are you?",
    `<p>The OpenID provider of the local stack believes everybody.</p>
<form method="post">${people.map(choice).join("\n")}</form>
<h2>Somebody else</h2>
<form method="post">
<label>Name <input name="name" maxlength="100" autocomplete="off"></label>
<label>E-mail address <input name="email" type="email" maxlength="200" required autocomplete="off" value="${text(hint)}"></label>
<label class="check"><input type="checkbox" name="email_verified" value="true" checked> The address is verified</label>
<button class="plain">Sign in</button>
</form>
<form method="post"><button class="plain" name="action" value="cancel">Cancel</button></form>`,
  );

/** Says what this is, to whoever opens the provider's own address. */
export const homePage = (issuer, people) =>
  page(
    "OpenID provider of the local stack",
    `<p>The console sends you here to sign in as one of these people, or as anybody else.</p>
<ul>${people.map((person) => `<li>${text(person.name)}, ${note(person)}</li>`).join("\n")}</ul>
<p>Issuer: ${text(issuer)}<br><a href="/.well-known/openid-configuration">What it says of itself</a></p>`,
  );

/** Says what went wrong. */
export const failurePage = (error, description) => page(error, `<p>${text(description)}</p>`);
