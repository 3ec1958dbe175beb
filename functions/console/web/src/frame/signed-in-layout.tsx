import { Outlet } from "@tanstack/react-router";
import { Frame } from "./frame";

/** The frame of pages that belong to no account. */
export function SignedInLayout() {
  return (
    <Frame>
      <Outlet />
    </Frame>
  );
}
