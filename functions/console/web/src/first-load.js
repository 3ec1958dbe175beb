// Begins what the page at this address needs, while its code is still on its way: else each of these steps would wait for the one before.
(() => {
  const ID = "[0-9A-Z]{26}";
  const inAccount = new RegExp(`^/console/a/(${ID})(?:/p/(${ID})(/.*)?|/.*)?$`);
  const path = location.pathname.replace(/(?<=.)\/$/, "");
  const [, account, project, page = ""] = inAccount.exec(path) ?? [];
  const isList = new RegExp(`^/requests(/${ID})?$`).test(page);
  const isStart = path === "/console" || inAccount.exec(path)?.[0] === `/console/a/${account}` || (project && !page);

  // ---------------------------------------------------------------- Code

  // The build names the files of each page here (see vite.config.ts).
  const FILES = {};
  const PAGES = [
    [/^\/console\/sign-in(\/|$)/, "sign-in/sign-in-page"],
    [/^\/console\/invitation$/, "invitation/invitation-page"],
    [/^\/console\/reset$/, "reset/reset-page"],
  ];
  const shown = isStart || isList ? "requests/requests-page" : PAGES.find(([address]) => address.test(path))?.[1];
  for (const file of FILES[shown] ?? []) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "modulepreload", crossOrigin: "", href: file });
    document.head.append(link);
  }

  // ---------------------------------------------------------------- Calls

  // src/api/started.ts hands an answer to the same call of the page, which tells of a failure.
  const started = [];
  globalThis.startedCalls = started;
  const begin = (address, of, body) => {
    const headers = {
      "X-Vestibule-Console": "1",
      ...(of && { "Vestibule-Account": of }),
      ...(body && { "Content-Type": "application/json" }),
    };
    const method = body ? "POST" : "GET";
    const answer = fetch(address, { method, headers, ...(body && { body }) });
    answer.catch(() => {});
    const url = location.origin + address;
    started.push({ method, url, account: of ?? null, body: body ?? "", at: performance.now(), answer });
    return answer;
  };
  // Only calls that the page makes for this person: none that would be refused.
  const readPage = (of, held) => {
    const at = `/v1/projects/${project}`;
    const calls = [
      [true, "/v1/projects?limit=100&order=oldest", "projects.read"],
      [true, "/v1/projects?archived=true&limit=100&order=oldest", "projects.write"],
      [project, `${at}/access-requests/counts`, "access_requests.read"],
      [project, `${at}/conversations/counts`, "conversations.read"],
      // Search and filters in the address make another list.
      [
        isList && !location.search,
        `${at}/access-requests?status=pending&order=oldest&limit=50`,
        "access_requests.read",
      ],
      [isList, `${at}/connectors?limit=100`, "access_requests.read", "projects.read"],
    ];
    for (const [isWanted, address, ...needed] of calls) {
      if (isWanted && needed.every((permission) => held.includes(permission))) begin(address, of);
    }
  };
  const kept = (storage, key) => {
    try {
      return storage()[key];
    } catch {
      // Storage is switched off.
      return undefined;
    }
  };
  if (path === "/console/invitation") {
    // The token of the link, or that of before where a provider has led back. Looking at it changes nothing.
    const [token] = [location.hash.slice(1), kept(() => sessionStorage, "vestibule.invitation")].filter((known) =>
      known?.startsWith("vsi_"),
    );
    if (token) {
      begin("/v1/auth/invitation/inspect", undefined, JSON.stringify({ token }));
      begin("/v1/me");
    }
  } else if (account || path === "/console" || (path === "/console/profile" && !location.hash)) {
    const of = account ?? kept(() => localStorage, "vestibule.account");
    begin("/v1/me", of)
      .then((answer) => (answer.ok ? answer.clone().json() : {}))
      .then((me) => readPage(of, me.account?.permissions ?? []))
      .catch(() => {});
  }
})();
