import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./base.css";
import { queryClient } from "./api/query";
import { followOtherTabs, session } from "./api/session";
import { goOnIfSamePerson } from "./api/signed-in";
import { router } from "./router";

followOtherTabs(
  () => void goOnIfSamePerson(session.resumedHere),
  () => {
    queryClient.clear();
    location.assign("/console/sign-in");
  },
);

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
