import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./base.css";
import { queryClient } from "./api/query";
import { followOtherTabs } from "./api/session";
import { router } from "./router";

const RELOADED = "vestibule.reloaded";

// After a deploy, the chunks of the page that is open are gone. Loading it again gets the new ones; once, lest it never ends.
addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  location.reload();
});

followOtherTabs(() => {
  queryClient.clear();
  location.assign("/console/sign-in");
});

const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
