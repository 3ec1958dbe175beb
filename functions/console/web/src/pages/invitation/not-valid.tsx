import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { PublicPage } from "../../frame/public-page";
import { invitation as texts } from "../../texts/en/invitation";
import { looks } from "../../ui/button";
import { openInvitation } from "./open-invitation";

/** Stands for a link that belongs to no invitation. */
export function NotValid() {
  useEffect(() => openInvitation.end(), []);
  return (
    <PublicPage about={texts.notValidAbout} title={texts.notValidTitle}>
      <Link className={looks({ wide: true })} to="/sign-in">
        {texts.signIn}
      </Link>
    </PublicPage>
  );
}
